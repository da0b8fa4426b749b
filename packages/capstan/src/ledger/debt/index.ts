// The ledger of technical debt: what a project owes, computed from what the other modules have recorded, each item with
// principal, metered interest, evidence and what repays it. Owns when a debt was found and when it was repaid; decides
// nothing and changes nothing. Called by the routes and by its own clock.
export { createDebt, type Debt } from './service.ts';
export { debtRoutes } from './routes.ts';
export { debtJobs } from './jobs.ts';
export { debtSchedules } from './schedules.ts';
export type { DebtDeps } from './deps.ts';
