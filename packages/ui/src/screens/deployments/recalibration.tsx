import { api, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply } from '../../app/replies.ts';
import { Chart } from '../../design/chart.tsx';
import { count, figure } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet } from '../../design/page.tsx';
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
        const rows = items.toReversed();
        const difference = recalibration.answeredLoss - recalibration.modelLoss;
        return (
          <>
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
                x: rows.map(({ at }) => at),
                series: [{ label: 'shift', values: rows.map(({ shift }) => shift), hue: 0 }],
                limits: [{ label: 'the model alone', value: 0 }],
                notes: rows.flatMap(({ at, revision }, index) =>
                  index > 0 && rows[index - 1]?.revision !== revision ? [{ at, label: `revision ${revision}` }] : [],
                ),
              }}
              empty="Nothing was fitted yet."
            />
            {items.length === SHOWN && <Quiet>{`The newest ${SHOWN} are shown.`}</Quiet>}
          </>
        );
      }}
    </Loaded>
  );
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}
