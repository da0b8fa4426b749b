import { invalid } from '#kernel/errors';
import { arrival } from './event-loop.ts';

/** Ours, and what Envoy tells the servers behind it of the time it will wait. */
const HEADERS = ['x-request-timeout-ms', 'x-envoy-expected-rq-timeout-ms'] as const;
/** A day: longer waits are as good as none. */
const LONGEST_MS = 86_400_000;

interface CallHead {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** When the call came, by `performance.now()`. */
  readonly startedAt: number;
}

/**
 * The time of `performance.now()` until which the caller waits, by the header that says for how many milliseconds;
 * undefined where none does. @throws DomainError INVALID_ARGUMENT when it is no number of milliseconds
 */
export function deadlineOf({ headers, startedAt }: CallHead): number | undefined {
  for (const name of HEADERS) {
    const written = headers[name];
    if (written === undefined) continue;
    const ms = Number(written);
    if (!(ms > 0) || Array.isArray(written)) {
      throw invalid(`${name} is '${String(written)}', which is no number of milliseconds`, { field: name });
    }
    return Math.min(arrival(), startedAt) + Math.min(ms, LONGEST_MS);
  }
  return undefined;
}
