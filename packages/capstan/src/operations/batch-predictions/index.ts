// Batch predictions: a model over all rows of a dataset version, as work of its own beside the server.
// Owns the jobs, what they were asked and what came of them. The work itself (`worker/`) knows neither database nor
// server; its answers are a file and no part of the prediction log.
// Called by the routes; `worker/` by the composition root of the work's process.
export { createBatchPredictions, type BatchPredictions } from './service.ts';
export type { BatchPredictionsDeps, BatchModels, WorkerCommands } from './deps.ts';
export { batchPredictionBlobs } from './held-blobs.ts';
export { batchPredictionJobs } from './jobs.ts';
export { batchPredictionRoutes } from './routes.ts';
export { doWork, RowFailure } from './worker/do-work.ts';
export { followReports, reportText, type WorkProgress } from './worker/reports.ts';
export { resultFile, workFiles, type WorkRequest } from './worker/request.ts';
export { workInFolder } from './worker/work-in-folder.ts';
