// Pipelines: stages declared in files, run in a workspace of their own on dataset versions, remembered by content.
// Owns runs, stages, attempts, their environments and the outputs that stand in for later runs. Does not know how a
// pipeline is written (a PipelineFormat does), how commands are run (an executor, chosen by name), nor what a model is.
// Called by retraining and the routes; projects, datasets and experiments are given by the composition root.
export { pipelineBlobs } from './held-blobs.ts';
export { createPipelines, type Log, type Pipelines, type StartRun } from './service.ts';
export { createSlots, type Capacity, type Slots } from './running/slots.ts';
export { executorNamed, LOCAL_EXECUTOR, slotsOf, type Executors } from './executors.ts';
export { createReportedRuns, type ReportedRuns } from './reported/report-run.ts';
export { pipelineRoutes } from './routes.ts';
export { pipelineJobs } from './jobs.ts';
export { trackRuns } from './running/track-runs.ts';
export type { DatasetSource, NewTrackedRun, PipelinesDeps, ProjectSource, RunTracker, SourceVersion } from './deps.ts';
export type * from './format.ts';
