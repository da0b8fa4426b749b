import type { BoundRoute } from '#http';
import { createLineage, lineageRoutes, type Lineage, type LineageDeps } from '#ledger/lineage';
import { createValue, valueRoutes, type Value, type ValueDeps } from '#ledger/value';
import type { Foundation } from './foundation.ts';

/** Everything above the ledger. */
type LedgerNeeds = Omit<LineageDeps, 'events' | 'blobs'> & Omit<ValueDeps, 'database' | 'clock'>;

export interface WiredLedger {
  readonly services: { readonly lineage: Lineage; readonly value: Value };
  readonly bound: BoundRoute[];
}

/** What is read from the records of all modules above. */
export function wireLedger(foundation: Foundation, needs: LedgerNeeds): WiredLedger {
  const lineage = createLineage({ ...foundation, ...needs });
  const value = createValue({ ...foundation, ...needs });
  return { services: { lineage, value }, bound: [...lineageRoutes(lineage), ...valueRoutes(value)] };
}
