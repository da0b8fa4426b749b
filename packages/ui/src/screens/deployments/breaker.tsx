import { api, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply } from '../../app/replies.ts';
import { duration, money, percent } from '../../design/format.ts';
import { Facts, Halves } from '../../design/page.tsx';
import { Meter } from '../../design/meter.tsx';
import { State } from '../../design/state.tsx';
import { Time } from '../../design/time.tsx';

/** Whether the safety is on, what answers when it is, and how much of the loss budget is spent. */
export function Breaker({ deployment }: { deployment: DeploymentReply }) {
  const now = useNow();
  const { breaker } = deployment;
  return (
    <Halves>
      <Facts
        items={[
          [
            'Breaker',
            breaker.state === 'open' ? (
              <State key="s" tone="danger">
                open
              </State>
            ) : (
              <State key="s" tone="success">
                closed
              </State>
            ),
          ],
          ['When open', whenOpen(deployment)],
          ...(breaker.reason === undefined ? [] : [['Why', breaker.reason] as const]),
          ...(breaker.changedAt === undefined
            ? []
            : [['Changed', <Time key="at" at={breaker.changedAt} now={now} />] as const]),
        ]}
      />
      {deployment.project !== null && <LossBudget deployment={deployment} project={deployment.project} />}
    </Halves>
  );
}

/** Who answers while it is open. */
function whenOpen({ breaker: { mode, fallbackProbability }, project }: DeploymentReply): string {
  if (project === null && mode === 'fallback' && fallbackProbability === undefined) return 'every request is refused';
  const probability = fallbackProbability === undefined ? '' : ` with probability ${fallbackProbability.toFixed(3)}`;
  return `${mode.replaceAll('-', ' ')}${probability}`;
}

/** What the answers of the budget's window were worth less than the baseline's would have been. */
function LossBudget({ deployment, project: name }: { deployment: DeploymentReply; project: string }) {
  const now = useNow();
  const project = useRead(api.projects.get, { params: { project: name } });
  const budget = project.data?.declaration.charter.loss_budget;
  const from = Math.max(now - (budget?.window ?? 0), deployment.breaker.changedAt ?? 0);
  // To the hour, so that a moving clock does not make a new question each second.
  const hourMs = 3_600_000;
  const performance = useRead(
    api.predictions.performance,
    { params: { deployment: deployment.name }, query: { from: Math.floor(from / hourMs) * hourMs } },
    { isEnabled: budget !== undefined && now > 0, isKept: true },
  );
  const { lossBudget } = deployment;
  if (lossBudget?.isCounting === false) {
    return (
      <Facts
        items={[
          [
            'Loss budget',
            <State key="s" tone="attention">
              counts nothing
            </State>,
          ],
          ['Why', lossBudget.reason],
        ]}
      />
    );
  }
  if (!budget) return <Facts items={[['Loss budget', 'none is declared: add loss_budget to the charter']]} />;
  const rows = (performance.data?.rows ?? []).filter(
    (row) => row.role === 'champion' || row.role === 'canary' || row.role === 'fallback',
  );
  const lost = rows.reduce((sum, row) => sum + ((row.baselineValue ?? 0) - (row.value ?? 0)), 0);
  const labelled = rows.reduce((sum, row) => sum + row.labelled, 0);
  const spent = Math.max(0, lost);
  const currency = project.data?.declaration.charter.value.currency ?? 'USD';
  return (
    <Meter
      label="Loss budget"
      share={spent / budget.amount}
      text={`${money(spent, currency)} of ${money(budget.amount, currency)} spent (${percent(spent / budget.amount)})`}
      note={`over the last ${duration(budget.window)}, ${labelled.toLocaleString('en')} answers with an outcome; then ${budget.on_exhausted.replaceAll('-', ' ')}`}
    />
  );
}
