// Evaluation datasets with their records, and scorers with their versions, as MLflow means them.
// Owns their tables, what makes two records one, and which scorers are kept. Runs no scorer: clients do.
// Does not know how MLflow speaks over HTTP (protocols/mlflow).
// Called by protocols/mlflow, the native routes and by whoever empties an experiment; stands on experiments and on the JSON texts of traces.
export { createEvaluations, type Evaluations } from './service.ts';
export { readTagChanges, type TagChange } from './datasets/tag-changes.ts';
export type { ForeignDataset, ForeignRecord, ForeignScorer } from './importing/import-evaluations.ts';
export { evaluationRoutes } from './routes.ts';
export * from './model.ts';
