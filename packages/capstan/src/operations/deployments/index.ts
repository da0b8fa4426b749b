// Deployments, their immutable revisions, rollouts judged by evidence that stays valid while it is watched, the routing
// snapshot that data planes follow, and the loss-budget breaker. Owns no prediction: evidence comes in from `predictions`.
// Called by predictions, retraining and the routes; declarations and the registry are given by the composition root.
export type { KnownBaseline } from './deps.ts';
export { deploymentBlobs } from './held-blobs.ts';
export { createDeployments, type Deployments, type Pricing } from './service.ts';
export type { DeploymentsDeps } from './deps.ts';
export { deploymentRoutes, servingControlRoutes } from './routes.ts';
export { deploymentJobs } from './jobs.ts';
export type { StartRollout } from './start-rollout.ts';
export type { EvidenceCursor } from './change-rollout.ts';
export type { EvidenceItem, PartOutcome } from './evidence.ts';
export { judgeBudget, type RealisedValue } from './budget.ts';
export type { Analysis, DeploymentSpec, DeploymentSpecs, ModelSource, ValueMatrix } from './spec.ts';
export { valueMatrixOf } from './spec.ts';
export { NO_PROJECT } from './model.ts';
export { valueOf } from './threshold.ts';
export { recalibrationSchedules } from './schedules.ts';
export type { FittedShift, RecalibrationPlan } from './recalibrate.ts';
