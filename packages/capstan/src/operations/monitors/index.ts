// Monitors: declared watches over what is served, judged in windows of event time when these have closed. Features are
// compared with the champion's training data, realised performance with doing nothing. Owns windows, references and
// alerts; starts nothing itself: an alert is a fact, and what follows from it is the policy of `retraining`.
// Called by the routes and by its own clock.
export { createMonitors, type Monitors } from './service.ts';
export { monitorRoutes } from './routes.ts';
export { monitorJobs } from './jobs.ts';
export { monitorSchedules } from './schedules.ts';
export type { MonitorsDeps } from './deps.ts';
