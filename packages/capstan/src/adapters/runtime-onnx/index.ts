// ONNX models, run by ONNX Runtime in a thread of this process after a trial in a child process.
// Owns what a model file may be and do; knows nothing of deployments, batching or protocols.
// Built by app.ts for the data plane and for gates. `onnx-host` is the entry of those threads and processes.
export { createRuntimeOnnx } from './create-runtime-onnx.ts';
export { keepsWeightsElsewhere } from './external-weights.ts';
