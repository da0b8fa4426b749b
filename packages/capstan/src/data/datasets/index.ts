// Datasets: named data and its immutable, content-addressed versions, with profile and report; cuts by event time.
// Owns content, numbers and status. What makes a version good is the business of `expectations`, which settles the check.
// Called by every module that reads data; a version in quarantine is given to none of them.
export { datasetBlobs } from './held-blobs.ts';
export { createDatasets, type Datasets } from './service.ts';
export type { DeriveRequest } from './derive.ts';
export type { NewFile, RegisterRequest } from './register.ts';
export type { LocalFile, ProfiledVersion, RowCondition, Settlement, Split } from './model.ts';
export { instantOf, presentValue, toShown } from './values.ts';
export { countBins, freezeBins, hasSpread, type AskData, type ColumnBins } from './spread.ts';
export { datasetRoutes } from './routes.ts';
export { derivedPlace } from './placement.ts';
export { summaryOf } from './model.ts';
