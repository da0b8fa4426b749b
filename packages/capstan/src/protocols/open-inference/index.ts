// The Open Inference Protocol v2 (KServe, Triton) over HTTP, in its JSON form, and over gRPC. Owns its wire formats and error
// shapes only: what answers is the data plane. Called by the composition root serving.ts.
export { openInferenceRoutes } from './routes.ts';
export { openInferenceError } from './error-shape.ts';
export { createInferenceGrpc } from './grpc/create-inference-grpc.ts';
