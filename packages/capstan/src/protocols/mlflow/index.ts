// MLflow's REST API 2.0/3.0 as its clients of release 3.17 call it: tracking, artifacts by proxy, logged models,
// registry, traces with their assessments, evaluation datasets and scorers.
// Owns the wire format (proto2 in JSON, both spellings, NaN, 64-bit integers) and MLflow's error shape; no rules of its own.
// Calls the faces of experiments, traces, evaluations and registry, as the native API does: there is no second path.
export { mlflowRoutesOf } from './routes.ts';
export { mlflowErrors, unknownMlflowCall } from './wire/errors.ts';
