import type { Database, Writer } from '#database';
import { invalid } from '#kernel/errors';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import { nextCommit } from '#ports/next-commit';
import { jobKinds, type JobKind, type JobPayload } from './kinds.ts';
import * as store from './store.ts';

export interface EnqueueOptions {
  /** Business time before which it does not start; default: now. */
  readonly runAt?: number;
  /** Real time before which it does not start. */
  readonly notBefore?: number;
  /** While an open job holds this key, asking again makes no second one. */
  readonly uniqueKey?: string;
  readonly priority?: number;
  /** Sequence number of the event that asks for it. */
  readonly causedBy?: number;
}

export interface JobsSummary {
  /** Waiting and allowed to start now. */
  readonly due: number;
  readonly running: number;
  /** Waiting for a later time. */
  readonly scheduled: number;
  /** Given up after their last try. */
  readonly discarded: number;
}

export interface Jobs {
  /**
   * Adds a job in the caller's transaction. Returns its id, or null when its unique key is taken.
   * @throws DomainError INVALID_ARGUMENT when the payload does not fit the kind's schema
   */
  enqueue<K extends JobKind>(
    writer: Writer,
    kind: K,
    payload: JobPayload<K>,
    options?: EnqueueOptions,
  ): Promise<string | null>;
  /** Ends a waiting job, or asks a running one to stop. Returns false when it had ended before. */
  cancel(id: string): Promise<boolean>;
  summary(): Promise<JobsSummary>;
  /** The summary once no job is due or running, or after `waitMs`, or when `signal` aborts. */
  idle(waitMs: number, signal: AbortSignal): Promise<JobsSummary>;
}

/** Other replicas end jobs too: without a commit of our own, look again after this long. */
const POLL_MS = 500;

export function createJobs(deps: { database: Database; clock: Clock; ids: Ids }): Jobs {
  const { database, clock, ids } = deps;
  return {
    async enqueue(writer, kind, payload, options = {}) {
      const policy = jobKinds[kind];
      const parsed = policy.payload.safeParse(payload);
      if (!parsed.success) {
        throw invalid(`The payload of job ${kind} is not valid: ${parsed.error.message}`, { field: 'payload' });
      }
      const now = clock.now();
      return await store.insert(writer, {
        id: ids.next('job'),
        kind,
        payload: JSON.stringify(parsed.data),
        state: 'available',
        run_at: options.runAt ?? now,
        ...(options.notBefore !== undefined && { not_before: options.notBefore }),
        priority: options.priority ?? 0,
        max_attempts: policy.maxAttempts,
        unique_key: options.uniqueKey ?? null,
        caused_by: options.causedBy ?? null,
        created_at: now,
      });
    },
    cancel: (id) => database.write((writer) => store.cancel(writer, id, clock.now())),
    summary: () => store.summary(database.read, clock.now(), Date.now()),
    async idle(waitMs, signal) {
      const deadline = performance.now() + waitMs;
      for (;;) {
        const leftMs = deadline - performance.now();
        const changed = leftMs > 0 ? nextCommit(database, Math.min(POLL_MS, leftMs), signal) : undefined;
        const summary = await store.summary(database.read, clock.now(), Date.now());
        if (!changed || signal.aborted || (summary.due === 0 && summary.running === 0)) return summary;
        await changed;
      }
    },
  };
}
