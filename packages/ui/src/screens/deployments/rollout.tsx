import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Facts, Page } from '../../design/page.tsx';
import { Time, Took } from '../../design/time.tsx';
import { RolloutState } from './deployment-state.tsx';
import { RolloutDetail } from './rollout-detail.tsx';

type RolloutFull = Reply<typeof api.deployments.rollout>;

/** One change of what is served, from the first look to its end. */
export function Rollout() {
  const { rollout } = useParams({ from: '/rollouts/$rollout' });
  const read = useRead(api.deployments.rollout, { params: { rollout } });
  return (
    <Page
      title={read.data ? `Rollout of ${read.data.deployment} revision ${read.data.revision}` : 'Rollout'}
      state={read.data && <RolloutState state={read.data.state} />}
      about={read.data?.reason}
    >
      <Loaded of={read}>
        {(data) => (
          <Columns aside={<Aside rollout={data} />}>
            <RolloutDetail id={data.id} />
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Aside({ rollout }: { rollout: RolloutFull }) {
  const now = useNow();
  return (
    <Facts
      items={[
        [
          'Deployment',
          <Link key="deployment" to="/deployments/$deployment" params={{ deployment: rollout.deployment }}>
            {rollout.deployment}
          </Link>,
        ],
        ['Id', <Id key="id" value={rollout.id} isWhole />],
        ['From revision', rollout.from ?? 'none'],
        ['To revision', rollout.revision],
        ['Guards', rollout.guards ? 'on' : 'off: nothing could stop it'],
        ...(rollout.verdictId === undefined
          ? []
          : [
              [
                'Allowed by',
                <Link key="verdict" to="/verdicts/$verdict" params={{ verdict: rollout.verdictId }}>
                  the verdict of the gates
                </Link>,
              ] as const,
            ]),
        ...(rollout.cycle === undefined || rollout.project === null
          ? []
          : [
              [
                'Cycle',
                <Link
                  key="cycle"
                  to="/projects/$project/cycles/$cycle"
                  params={{ project: rollout.project, cycle: rollout.cycle }}
                >
                  the cycle
                </Link>,
              ] as const,
            ]),
        ['Started', <Time key="start" at={rollout.startedAt} now={now} />],
        ['Took', <Took key="took" from={rollout.startedAt} to={rollout.endedAt ?? null} now={now} />],
      ]}
    />
  );
}
