// Experiments, runs, metrics, params, tags, artifacts and logged models, as MLflow means them.
// Owns their tables, the search language's meaning for them, and which bytes lie under which artifact path.
// Does not know registered models (registry) nor how MLflow speaks over HTTP (protocols/mlflow).
// Called by protocols/mlflow, the native routes, traces (whose files lie beside those of runs), pipelines (a run per stage attempt) and registry (sources of versions).
export { createExperiments, type Experiments } from './service.ts';
export type { ArtifactOwner, ArtifactPlace } from './artifacts/artifacts.ts';
export { parseArtifactFolder, parseArtifactPath, parseArtifactUri } from './artifacts/artifact-path.ts';
export { isArtifactRoot } from './artifacts/artifact.store.ts';
export { createSignedLinks, type SignedLinks } from './artifacts/signed-links.ts';
export type { ExperimentSearch } from './search/search-experiments.ts';
export type { RunSeries } from './metrics/history.ts';
export type { LoggedKeys, LoggedValues } from './search/completion.ts';
export type { KeyNames } from './search/logged-keys.ts';
export type { Batch } from './log/check-batch.ts';
export type { ForeignLoggedModel, ForeignRun, ModelPointSeries, PointSeries } from './importing/foreign.ts';
export type { ForeignFile } from './importing/import-files.ts';
export type { Recorded } from './importing/imports.ts';
export type { ForeignExperiment, Placement, PlacementKind } from './importing/placement.ts';
export type { NewLoggedModel } from './logged-models/logged-models.ts';
export type { BucketedSeries, MetricBucket } from './metrics/buckets.ts';
export type { HistoryPoint } from './metrics/metric.store.ts';
export type { NewRun } from './runs.ts';
export type { LoggedModelSearch } from './logged-models/search-logged-models.ts';
export type { RunGrouping, RunGroups } from './search/group-runs.ts';
export type { RunMatch, RunProjection, RunSearch } from './search/search-runs.ts';
export { checkKey, experimentNumber } from './naming.ts';
export { artifactBlobs } from './trash/held-blobs.ts';
export { tablesOfLoggedModel, tablesOfRun } from './trash/purge.store.ts';
export { limitOf } from './trash/retention.ts';
export type { Purged } from './trash/trash.ts';
export type { Reference, ReadReferences } from './trash/plan.ts';
export type { TrashItem, TrashKey, TrashKind } from './trash/trash.store.ts';
export { experimentJobs } from './jobs.ts';
export { experimentRoutes } from './routes.ts';
export { projectOf } from './project-of.ts';
export { hexId } from './runs.ts';
export * from './model.ts';
