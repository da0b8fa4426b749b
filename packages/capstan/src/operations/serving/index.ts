// The data plane: follows the routing snapshot, answers each row by its route, logs before it answers, shadows after it,
// and ships the log. Owns its folder of snapshot, models and segments; knows neither database nor modules.
// Called by the protocols' routes and by the composition root serving.ts, in a process of its own.
export type { Description } from './descriptions.ts';
export { PredictionIds } from './prediction-ids.ts';
export { createServingPlane, type ServingDeps, type ServingPlane } from './plane.ts';
export type { PlaneStatus } from './plane-status.ts';
export { connectControlPlane, type ControlPlane } from './control-plane.ts';
export { createModelFiles } from './model-files.ts';
export { planeRoutes } from './routes.ts';
export type { AnsweredPart, CallingParty, InferenceAnswer, InferenceRequest } from './infer.ts';
export type { ReceivedTensor } from './request.ts';
export { createOtlpExporter } from './tracing/otlp-exporter.ts';
export { createTracer } from './tracing/tracer.ts';
export type { RevisionStatistics, TimedCount } from './statistics.ts';
export { predictionNotes } from './call-notes.ts';
export { floatsJson, isFloats } from './numbers-json.ts';
export { nestedJson, scalarsJson } from './values-json.ts';
export { toTensorData } from './tensor-values.ts';
export { deadlineOf } from './batching/deadline.ts';
export { adaptInputs, gatherRows } from './tensors.ts';
export { admitCall } from './admit-call.ts';
