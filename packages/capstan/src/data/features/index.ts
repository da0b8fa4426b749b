// Features: views of datasets by entity and event time, one definition for training sets (what was known at the time of each
// row) and for the online store (what is known now), and the check that the two agree.
// Owns materializations, the online store and training sets; what a view reads belongs to `datasets`.
export { createFeatures, type Features } from './service.ts';
export { featureRoutes } from './routes.ts';
export { featureJobs } from './jobs.ts';
export { featureBlobs } from './held-blobs.ts';
