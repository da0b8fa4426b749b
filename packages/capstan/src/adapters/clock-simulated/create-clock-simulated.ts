import { invalid } from '#kernel/errors';
import type { Clock } from '#ports/clock';

/** The last millisecond that a Date can hold. */
const LATEST_MS = 8_640_000_000_000_000;

interface SimulatedClock extends Clock {
  /**
   * Moves the time forward to `ms` since 1970-01-01T00:00Z; the present time again is no change.
   * @throws DomainError INVALID_ARGUMENT when it would go back or is no whole millisecond that a Date can hold
   */
  advanceTo(ms: number): void;
}

/**
 * A clock that shows `startMs` until it is moved.
 * @throws DomainError INVALID_ARGUMENT when the start is no whole millisecond that a Date can hold
 */
export function createClockSimulated(options: { readonly startMs: number }): SimulatedClock {
  assertInstant('startMs', options.startMs);
  let nowMs = options.startMs;
  return {
    now: () => nowMs,
    advanceTo(ms) {
      assertInstant('ms', ms);
      if (ms < nowMs) {
        throw invalid(`The simulated clock shows ${text(nowMs)} and cannot go back to ${text(ms)}`, {
          field: 'ms',
          hint: 'Start another simulation to begin earlier.',
        });
      }
      nowMs = ms;
    },
  };
}

function assertInstant(field: string, ms: number): void {
  if (Number.isSafeInteger(ms) && Math.abs(ms) <= LATEST_MS) return;
  throw invalid(`${field} must be whole milliseconds since 1970, not ${ms}`, {
    field,
    hint: 'Give what Date.parse returns for a date-time with a zone, such as 2026-01-31T00:00:00Z.',
  });
}

function text(ms: number): string {
  return new Date(ms).toISOString();
}
