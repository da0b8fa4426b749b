// Turns of the cycle: trigger → data → training → gates → rollout → verdict, each as one object with every decision in it.
// Owns the policy that lets a trigger begin a turn, the turn's state machine and its record. Does none of the work itself:
// data is cut by datasets, trained by pipelines, judged by gates, rolled out by deployments.
// Called by the routes; driven by facts (alerts, ends of runs and rollouts), by schedules and by people.
export { createRetraining, type Retraining } from './service.ts';
export { retrainingRoutes } from './routes.ts';
export { retrainingJobs } from './jobs.ts';
export { retrainingSchedules } from './schedules.ts';
export type { RetrainingDeps } from './deps.ts';
