import { api, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply, RecalibrationReply } from '../../app/replies.ts';
import { Chart } from '../../design/chart.tsx';
import { count, figure } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet, Stack } from '../../design/page.tsx';
import { Time } from '../../design/time.tsx';

const SHOWN = 400;

/** How the log odds of answers were moved by outcomes, and what that was worth in log loss. */
export function Recalibration({ deployment: { name, recalibration } }: { deployment: DeploymentReply }) {
  const now = useNow();
  const read = useRead(api.deployments.recalibrations, { params: { deployment: name }, query: { limit: SHOWN } });
  return (
    <Loaded of={read}>
      {({ items }) => {
        if (!recalibration || items.length === 0) {
          return (
            <Empty title="Answers are what the model says">
              With recalibration under deployment in capstan.yaml, outcomes of late move the log odds of all answers.
            </Empty>
          );
        }
        const nights = byNight(items);
        const difference = recalibration.answeredLoss - recalibration.modelLoss;
        return (
          <Stack>
            <p>
              Log odds are moved by <strong>{signed(recalibration.shift)}</strong>
              {', fitted '}
              <Time at={recalibration.at} now={now} />
              {` to ${count(recalibration.rows)} answers of revision ${recalibration.revision} with their outcome. On these, `}
              {`log loss was ${figure(recalibration.answeredLoss)} as answered and ${figure(recalibration.modelLoss)} by the model alone`}
              {` (${signed(difference)}).`}
            </p>
            <Chart
              title="Shift of log odds"
              unit="by the time of the fit; 0 is the model alone"
              heightPx={180}
              data={{
                xKind: 'time',
                x: nights.map(({ at }) => at),
                series: [
                  { label: 'champion', values: nights.map(({ champion }) => champion.shift), hue: 0 },
                  {
                    label: 'candidate',
                    values: nights.map(({ candidate }) => candidate?.shift ?? null),
                    hue: 1,
                    isDashed: true,
                  },
                ],
                limits: [{ label: 'the model alone', value: 0 }],
                notes: nights.flatMap(({ at, champion }, index) => {
                  const before = nights[index - 1]?.champion;
                  return before && before.revision !== champion.revision
                    ? [{ at, label: `revision ${champion.revision}` }]
                    : [];
                }),
              }}
              empty="Nothing was fitted yet."
            />
            {items.length === SHOWN && <Quiet>{`The newest ${SHOWN} are shown.`}</Quiet>}
          </Stack>
        );
      }}
    </Loaded>
  );
}

interface Night {
  readonly at: number;
  readonly champion: RecalibrationReply;
  readonly candidate: RecalibrationReply | undefined;
}

/** Oldest first. What was fitted at the same time is champion and candidate, which has the higher number. */
function byNight(items: readonly RecalibrationReply[]): Night[] {
  return [...Map.groupBy(items, ({ at }) => at)].toReversed().flatMap(([at, together]) => {
    const [champion, candidate] = together.toSorted((a, b) => a.revision - b.revision);
    return champion ? [{ at, champion, candidate }] : [];
  });
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}
