// Expectations: what the versions of a dataset must keep, from the file that capstan.yaml names, and the check of each
// new version: accepted, or quarantined with the rules and rows at fault. Nothing unchecked is ever used.
// Owns the rules and their evaluation; status and content of a version belong to `datasets`.
export { createExpectations, type Expectations } from './service.ts';
export { expectationRoutes } from './routes.ts';
export { expectationJobs } from './jobs.ts';
