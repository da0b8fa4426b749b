// The chain of facts: appended in the transaction of the change, hash-chained, with their causes; subscribers' jobs are
// inserted there too, so nothing that has happened can be missed. Owns the table, its verification and the live feed.
// Called by every module's service; knows nothing of what the facts mean.
export { createEvents, type Events, type Fact, type ChainReport } from './service.ts';
export type { EventQuery } from './store.ts';
