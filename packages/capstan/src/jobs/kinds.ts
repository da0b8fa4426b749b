import { z } from 'zod';

interface KindPolicy {
  readonly payload: z.ZodType;
  /** Tries in all, the first included, before the job is discarded. */
  readonly maxAttempts: number;
  /** A claim not renewed for this long is taken over. Renewed automatically while the handler runs. */
  readonly leaseMs: number;
}

/** Payload of every job that an event asks for. */
export const eventPayload = z.strictObject({ eventSeq: z.int() });

/**
 * Every kind of job. Payloads change only by addition, since jobs of an older version may still wait.
 * `app.ts` gives a handler for each; a missing one is a type error.
 */
export const jobKinds = {
  'jobs.sweep': { payload: z.strictObject({ endedBefore: z.int() }), maxAttempts: 3, leaseMs: 30_000 },
} as const satisfies Record<string, KindPolicy>;

export type JobKind = keyof typeof jobKinds;
export type JobPayload<K extends JobKind> = z.output<(typeof jobKinds)[K]['payload']>;

/** The kinds that a fact may ask for. */
export type EventJobKind = {
  [K in JobKind]: (typeof jobKinds)[K]['payload'] extends typeof eventPayload ? K : never;
}[JobKind];
