// The contract of Capstan: routes, errors and facts as data. Imports zod and nothing else, so that the server, the
// typed client, the interface and the OpenAPI document all come from this one place.
export * from './errors.ts';
export * from './route.ts';
export * from './shapes.ts';
export * from './duration.ts';
export * from './rollout.ts';
export * from './capstan-yaml.ts';
export * from './expectation-suite.ts';
export * from './dataset-version.ts';
export * from './feature-view.ts';
export * from './dataset-diff.ts';
export * from './expectation-test.ts';
export * from './stage-reason.ts';
export * from './param-overrides.ts';
export * from './reported-run.ts';
export * from './pipeline-run.ts';
export * from './sweep.ts';
export * from './verdict.ts';
export * from './cycle.ts';
export * from './monitor.ts';
export * from './debt.ts';
export * from './need.ts';
export * from './consumer.ts';
export * from './size.ts';
export * from './serving-settings.ts';
export * from './serving.ts';
export * from './batch-prediction.ts';
export * from './events/event.ts';
export * from './events/index.ts';
export * from './routes/index.ts';
export { servingRoutes, type ServedModelStatus } from './routes/data-plane.ts';
export type { Consumer, ConsumerToken, UndeclaredCaller, UnknownCaller } from './routes/consumers.ts';
export type {
  Deployment,
  DeploymentRequest,
  Recalibration,
  Revision,
  RevisionWithReigns,
  Rollout,
} from './routes/deployments.ts';
export type { Explanation, Replay, RunLineage } from './routes/lineage.ts';
export type { PerformanceRow, Prediction } from './routes/predictions.ts';
export type { DeclarationChange } from './routes/projects.ts';
export type { BudgetState, MeanInterval, ValueGrouping, ValueRow, ValueSummary } from './routes/value.ts';
export { mlflowCalls, mlflowRoutes, type MlflowCallName } from './routes/mlflow/index.ts';
export { notOfferedAt, notOfferedByCapstan, type NotOffered } from './routes/mlflow/not-offered.ts';
export { OTLP_LIMIT_BYTES } from './routes/otel.ts';
export { webhookEventNames } from './routes/webhooks.ts';
