import { Link } from '@tanstack/react-router';
import { useNow } from '../../app/api.ts';
import type { ValueReply } from '../../app/replies.ts';
import { count, duration, money, percent } from '../../design/format.ts';
import { Meter } from '../../design/meter.tsx';
import { Facts, Quiet, Section } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Time } from '../../design/time.tsx';

type Budget = ValueReply['budgets'][number];

/** What each deployment may lose, what it has lost, and whether it was stopped for it. */
export function Budgets({ summary: { budgets, currency } }: { summary: ValueReply }) {
  return budgets.map((budget) => (
    <Section key={budget.deployment} title={budget.deployment}>
      <Spent budget={budget.budget} currency={currency} />
      <Breaker of={budget} />
    </Section>
  ));
}

function Spent({ budget, currency }: { budget: Budget['budget']; currency: string }) {
  if (!budget) return <Quiet>No loss budget is declared: add loss_budget to the charter.</Quiet>;
  const { spent, amount, windowMs, n, onExhausted } = budget;
  const note = `over ${duration(windowMs)}, ${count(n)} answers whose outcome came in it; when spent: ${onExhausted.replaceAll('-', ' ')}`;
  return (
    <Meter
      label="Loss budget"
      share={(spent ?? 0) / amount}
      text={
        spent === null
          ? `not measured, of ${money(amount, currency)}`
          : `${money(spent, currency)} of ${money(amount, currency)} (${percent(spent / amount)})`
      }
      note={note}
    />
  );
}

function Breaker({ of: { deployment, breaker } }: { of: Budget }) {
  const now = useNow();
  const isOpen = breaker.state === 'open';
  return (
    <Facts
      items={[
        [
          'Breaker',
          <State key="state" tone={isOpen ? 'danger' : 'success'}>
            {breaker.state}
          </State>,
        ],
        ...(breaker.reason === null ? [] : [['Why', breaker.reason] as const]),
        ...(breaker.changedAt === null ? [] : [['Since', <Time key="at" at={breaker.changedAt} now={now} />] as const]),
        [
          'Deployment',
          <Link key="link" to="/deployments/$deployment" params={{ deployment }}>
            {deployment}
          </Link>,
        ],
      ]}
    />
  );
}
