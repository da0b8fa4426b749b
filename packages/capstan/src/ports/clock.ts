/**
 * What time it is for the business: event times, windows, cool-downs, schedules. Simulated in replays.
 * Leases, time-outs and durations never use it: they belong to real, monotonic time.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
