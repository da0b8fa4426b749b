// The Open Inference Protocol v2 (KServe, Triton) over HTTP, in its JSON form. Owns its wire format and error shape only:
// what answers is the data plane. Called by the composition root serving.ts.
export { openInferenceRoutes } from './routes.ts';
export { openInferenceError } from './error-shape.ts';
