// What decisions were worth: logged answers that callers were given, joined with their outcomes and priced by the charter,
// by period or model version, beside what a constant would have decided; and how far the loss budgets are spent.
// Owns no table and no fact: it reads what predictions have logged, and is asked by the routes only.
export { createValue, type Value, type ValueDeps } from './service.ts';
export type { SummaryRequest } from './model.ts';
export { valueRoutes } from './routes.ts';
