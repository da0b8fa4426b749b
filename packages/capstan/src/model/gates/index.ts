// Gates: whether a model version may take traffic, judged by the checks that the project declares, on labelled rows that
// no contender was trained on. Owns verdicts, approvals and the scoring of contenders on a dataset version. Does not move
// aliases (registry) nor traffic (deployments): it only says yes, no or unknown, with evidence.
// Called by retraining and the routes; deployments reach a verdict through the composition root.
export { createGates, type Gates } from './service.ts';
export { gateRoutes } from './routes.ts';
export { tensorsOf } from './tensors.ts';
export type { Evaluate } from './bench.ts';
export type { FeatureBenefit } from './feature-benefits.ts';
export type { Approval } from './model.ts';
export type { GatesDeps, TrainingLineage } from './deps.ts';
