// Work that outlives a request: one table on both databases, claimed by lease and fencing token.
// Owns the queue, its runner and the schedule ticks. Does not know what the jobs do: handlers come from app.ts.
// Called by events (subscribers' jobs) and by services that put work off; handlers run at least once.
export { createJobs, type Jobs, type EnqueueOptions, type JobsSummary } from './service.ts';
export { createRunner, type JobContext, type JobHandlers, type Runner } from './runner.ts';
export { RetryLater } from './retry-later.ts';
export { createScheduler, tickAfter, type Schedule, type Scheduler } from './scheduler.ts';
export { expirySchedules } from './expiry-schedules.ts';
export { sweepJobs } from './sweep.ts';
export { eventPayload, jobKinds, type EventJobKind, type JobKind, type JobPayload } from './kinds.ts';
