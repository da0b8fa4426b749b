// A clock that stands still until told, for replays of past weeks and for tests of windows, cool-downs and schedules.
// Owns nothing but the time it shows. Leases and time-outs never use it: they run on real time.
// Built by app.ts in place of `systemClock` when a replay or a simulation runs.
export { createClockSimulated } from './create-clock-simulated.ts';
