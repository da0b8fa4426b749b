// Runs commands on a Ray cluster: one resident driver job, each command a Ray task of it, files carried by content.
// Owns the driver job, the listener that driver and nodes call, and what is carried; knows nothing of stages or retries.
// Built by the composition roots; node/*.py is what runs there. Ray must demand its token. Decision 0035.
export { createExecutorRay, type ExecutorRay, type ExecutorRayOptions } from './create-executor-ray.ts';
