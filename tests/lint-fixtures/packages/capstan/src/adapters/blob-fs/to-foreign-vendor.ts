export { InferenceSession } from 'onnxruntime-node';
