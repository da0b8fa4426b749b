// A deployment's revision as a model: what it is asked goes to a data plane by the Open Inference Protocol, tensors as bytes.
// Owns waiting for a plane that has no room; knows nothing of files. Built by predict-file.ts.
export { openServedModel, type ServedModelOptions } from './served-model.ts';
