// Consumers of deployments: who calls them, by which tokens, how much they may ask, and what they did ask; and callers that
// nobody has declared, with their volume. Tokens are kept as hashes alone. Owns no serving: data planes hear of it in the
// snapshot, which `deployments` publishes, and send counts. Called by its routes and by debt.
export type { ConsumersDeps } from './deps.ts';
export { createConsumers, type Consumers } from './service.ts';
export { consumerRoutes } from './routes.ts';
export { consumerJobs } from './jobs.ts';
export { KEPT_MS as CALLS_KEPT_MS } from './model.ts';
export type { CallerVolume } from './call-counts.store.ts';
