// The Open Inference Protocol v2 (KServe, Triton) over HTTP, as JSON and with binary tensors, and over gRPC. Owns its wire
// formats and error shapes only: what answers is the data plane. Called by the composition root serving.ts. What does not
// depend on the transport is beside `rest/` and `grpc/`.
export { openInferenceRoutes } from './rest/routes.ts';
export { openInferenceError } from './rest/error-shape.ts';
export { createInferenceGrpc } from './grpc/create-inference-grpc.ts';
