// The Open Inference Protocol v2 (KServe, Triton) over HTTP, as JSON and with binary tensors. Owns its wire format and
// error shape only: what answers is the data plane. Called by the composition root serving.ts. What does not depend on the
// transport is beside `rest/`.
export { openInferenceRoutes } from './rest/routes.ts';
export { openInferenceError } from './rest/error-shape.ts';
