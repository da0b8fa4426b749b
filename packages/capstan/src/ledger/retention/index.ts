// The trash: restore, purge and policies over experiments, runs and logged models, and the collection of bytes that
// nothing refers to any more. Owns no table: experiments remove what is theirs, and every module that refers to blobs
// says which (ports/blob-holder). Who needs what, and the policies, are given by the composition root.
export { createRetention, type Retention } from './service.ts';
export type { RetentionDeps } from './deps.ts';
export { retentionRoutes } from './routes.ts';
export { retentionJobs } from './jobs.ts';
export { retentionSchedules } from './schedules.ts';
