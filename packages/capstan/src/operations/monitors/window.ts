/** A slice of event time: from `start`, included, to `end`, not included. Milliseconds. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** Windows begin on whole multiples of their length from here: weeks on Mondays, days at midnight, UTC. */
const ORIGIN = Date.parse('1970-01-05T00:00:00Z');

/** The window that a time lies in; windows lie back to back. */
export function windowAt(lengthMs: number, time: number): Window {
  const start = ORIGIN + Math.floor((time - ORIGIN) / lengthMs) * lengthMs;
  return { start, end: start + lengthMs };
}

/** How long what belongs into a window is waited for where nothing later has come. */
const LATENESS_MS = 86_400_000;

/**
 * The time up to which event time is complete: as far as the newest row that is known, or as far as one that could still
 * come would be later than what is waited for. `newest` is null where there is none. A row may be expected `delayMs` after
 * its event (labels) and never lies beyond `now` for this purpose.
 */
export function completeUntil(now: number, newest: number | null, delayMs: number): number {
  const overdue = now - delayMs - LATENESS_MS;
  return newest === null ? overdue : Math.max(overdue, Math.min(newest, now - delayMs));
}
