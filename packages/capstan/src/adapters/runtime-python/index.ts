// Models of MLflow's python_function flavor, served by supervised Python processes in environments of their own.
// Owns those processes, their environments and what passes between; knows nothing of deployments, batching or protocols.
// Built by serving.ts for the data plane. The program in `worker/` runs there; frames.ts and worker/…/frames.py agree.
export { createRuntimePython, type RuntimePythonOptions } from './create-runtime-python.ts';
