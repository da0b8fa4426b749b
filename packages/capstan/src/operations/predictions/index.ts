// The log of answers in the control plane: segments taken in once, outcomes joined with them, loss and value of each
// answer, the model-fed features as Parquet, and the evidence that rollouts and loss budgets are judged by. Owns no
// decision: `deployments` takes them. Called by monitors, retraining, value and the routes.
export { predictionBlobs } from './held-blobs.ts';
export { createPredictions, latestEvidence, type Predictions, type PredictionsDeps } from './service.ts';
export { predictionRoutes } from './routes.ts';
export { predictionJobs } from './jobs.ts';
export type { FeedbackSink, ExportLabelled } from './export-labelled.ts';
export type { EventWindow, FeatureFile, LabelledExample } from './queries.store.ts';
export type { Outcome, RecordedOutcomes } from './outcomes.ts';
export type { FedInputs, LoggedAnswer, LoggedBatch } from './logged-answers.ts';
