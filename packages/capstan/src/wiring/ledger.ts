import type { BoundRoute } from '#http';
import type { JobHandlers, Schedule } from '#jobs';
import { createDebt, debtJobs, debtRoutes, debtSchedules, type Debt, type DebtDeps } from '#ledger/debt';
import { createLineage, lineageRoutes, type Lineage, type LineageDeps } from '#ledger/lineage';
import { createNeeds, needsRoutes, type NeedsDeps } from '#ledger/needs';
import { createValue, valueRoutes, type Value, type ValueDeps } from '#ledger/value';
import type { Foundation } from './foundation.ts';

/** Everything above the ledger. */
type LedgerNeeds = NeedsDeps &
  Omit<LineageDeps, 'events' | 'blobs'> &
  Omit<ValueDeps, 'database' | 'clock'> &
  Omit<DebtDeps, 'database' | 'events' | 'jobs' | 'clock'>;

export interface WiredLedger {
  readonly services: { readonly lineage: Lineage; readonly value: Value; readonly debt: Debt };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'debt.measure'>;
  schedules(): Promise<Schedule[]>;
}

/** What is read from the records of all modules above. */
export function wireLedger(foundation: Foundation, needs: LedgerNeeds): WiredLedger {
  const deps = { ...foundation, ...needs };
  const lineage = createLineage(deps);
  const value = createValue(deps);
  const debt = createDebt(deps);
  return {
    services: { lineage, value, debt },
    bound: [...lineageRoutes(lineage), ...valueRoutes(value), ...debtRoutes(debt), ...needsRoutes(createNeeds(deps))],
    handlers: debtJobs(debt),
    schedules: () => debtSchedules(deps),
  };
}
