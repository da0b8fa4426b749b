// Sweeps: searches over the parameters of a project's pipeline for the best value of a metric.
// Owns sweeps and their trials: what is tried next, when a trial is given up, which one is best. Does none of the work
// itself: each trial is a run of the pipeline, and its value a metric of the experiment runs that the run made.
// Called by the routes; driven by the ends of pipeline runs, and by the watch over those that run.
export { createSweeps, type Sweeps } from './service.ts';
export { createOptuna, type Optuna } from './optuna.ts';
export { sweepRoutes } from './routes.ts';
export { sweepJobs } from './jobs.ts';
export type { SweepsDeps } from './deps.ts';
