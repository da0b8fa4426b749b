import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { figure, money } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Facts, Page, Section } from '../../design/page.tsx';
import { Badge } from '../../design/state.tsx';
import { Moment, Time } from '../../design/time.tsx';
import { Chain } from './chain.tsx';
import { Replay } from './replay.tsx';

type Explanation = Reply<typeof api.lineage.explain>;

/** One answer: what was said, what came true, everything that led to it, and the same asked again. */
export function Prediction() {
  const { prediction } = useParams({ from: '/predictions/$prediction' });
  const read = useRead(api.lineage.explain, { params: { prediction }, query: {} }, { isLive: false });
  return (
    <Page title={`Prediction ${prediction}`} state={read.data && <Badge>{read.data.answer.role}</Badge>}>
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside found={found} />}>
            <Section title="What led to it" note="the answer first, its first cause last">
              <Chain found={found} />
            </Section>
            <Section title="Ask again">
              <Replay id={prediction} found={found} />
            </Section>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Aside({ found: { answer, outcome, others } }: { found: Explanation }) {
  const now = useNow();
  const project = useRead(api.projects.get, { params: { project: answer.project } });
  const currency = project.data?.declaration.charter.value.currency ?? 'USD';
  return (
    <Facts
      items={[
        ['Probability', answer.probability === undefined ? 'none' : figure(answer.probability)],
        ...(answer.shift === undefined
          ? []
          : [['Recalibrated', `log odds ${answer.shift < 0 ? '−' : '+'}${figure(Math.abs(answer.shift))}`] as const]),
        ['Decided', answer.error ?? `${answer.decision ? 'yes' : 'no'}, from ${figure(answer.threshold)} on`],
        [
          'Outcome',
          'missing' in outcome ? (
            'not known yet'
          ) : (
            <span key="outcome">
              {outcome.found.label === 1 ? 'happened, ' : 'did not happen, '}
              <Moment at={outcome.found.at} />
            </span>
          ),
        ],
        ['Log loss', answer.loss === undefined ? 'not known yet' : figure(answer.loss)],
        ['Value', answer.value === undefined ? 'not known yet' : money(answer.value, currency, true)],
        ...(answer.baselineValue === undefined
          ? []
          : [['Baseline’s value', money(answer.baselineValue, currency, true)] as const]),
        ['Chance of the route', answer.share === 0 ? 'not drawn by lot' : figure(answer.share)],
        ['Answered', <Time key="at" at={answer.predictedAt} now={now} />],
        ['Event time', <Moment key="time" at={answer.eventTime} />],
        ['Took', `${figure(answer.latencyUs / 1_000)} ms`],
        [
          'Deployment',
          <Link key="deployment" to="/deployments/$deployment" params={{ deployment: answer.deployment }}>
            {answer.deployment}
          </Link>,
        ],
        [
          'Project',
          <Link key="project" to="/projects/$project" params={{ project: answer.project }}>
            {answer.project}
          </Link>,
        ],
        ...others.map(
          (other) =>
            [
              `Also, by revision ${other.revision}`,
              `${other.role}: ${other.error ?? figure(other.probability)}`,
            ] as const,
        ),
        ['Request', <Id key="request" value={answer.requestId} />],
      ]}
    />
  );
}
