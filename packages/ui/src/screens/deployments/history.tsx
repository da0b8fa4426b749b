import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply, RolloutReply } from '../../app/replies.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';
import { RolloutState } from './deployment-state.tsx';
import { Revisions } from './revisions.tsx';

/** Every change of what is served, and every revision there was. */
export function History({ deployment }: { deployment: DeploymentReply }) {
  const rollouts = useRead(api.deployments.rollouts, { params: { deployment: deployment.name } });
  return (
    <>
      <Section title="Rollouts">
        <Loaded of={rollouts}>
          {({ items }) => (items.length === 0 ? <Empty title="No rollout yet" /> : <Rollouts rollouts={items} />)}
        </Loaded>
      </Section>
      <Section title="Revisions">
        <Revisions deployment={deployment} />
      </Section>
    </>
  );
}

function Rollouts({ rollouts }: { rollouts: readonly RolloutReply[] }) {
  const now = useNow();
  return (
    <Table
      caption="Rollouts"
      rows={rollouts}
      keyOf={(row) => row.id}
      columns={[
        {
          name: 'Rollout',
          cell: (row) => (
            <Link to="/rollouts/$rollout" params={{ rollout: row.id }}>
              {row.from === null ? `revision ${row.revision}, the first` : `revision ${row.from} → ${row.revision}`}
            </Link>
          ),
        },
        { name: 'State', cell: (row) => <RolloutState state={row.state} /> },
        { name: 'Why', cell: (row) => row.reason ?? '' },
        { name: 'Guards', cell: (row) => (row.guards ? 'on' : 'off') },
        { name: 'Started', cell: (row) => <Time at={row.startedAt} now={now} /> },
        {
          name: 'Took',
          isWhole: true,
          cell: (row) => <Took from={row.startedAt} to={row.endedAt ?? null} now={now} />,
        },
      ]}
    />
  );
}
