import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError, messageOf } from '#kernel/errors';
import type { Clock } from '#ports/clock';
import { errorCodes } from '@capstan/api';
import { batchKinds, elsewhereKinds, jobKinds, outboundKinds, type JobKind, type JobPayload } from './kinds.ts';
import { RetryLater } from './retry-later.ts';
import * as store from './store.ts';

export interface JobContext {
  readonly jobId: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborted when the job is cancelled, taken over by another process, or the server stops. */
  readonly signal: AbortSignal;
  /** To pass on: the job as actor, the event that asked for it as cause. */
  readonly cause: Cause;
}

export type JobHandlers = { readonly [K in JobKind]: (payload: JobPayload<K>, context: JobContext) => Promise<void> };

export interface Runner {
  start(): Promise<void>;
  /** Takes no new jobs, aborts those in hand after the grace, and waits for them. Theirs are claimed again later. */
  stop(graceMs: number): Promise<void>;
  /** Looks for work now instead of at the next poll. */
  wake(): void;
}

interface RunnerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly handlers: JobHandlers;
  readonly concurrency: number;
}

const POLL_MS = 500;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
const OUTBOUND_CONCURRENCY = 8;
const BATCH_CONCURRENCY = 2;
/** Whoever has the machines makes them wait. */
const ELSEWHERE_CONCURRENCY = 32;

/** Real time: leases and back-off must not depend on a simulated clock. */
const realNow = (): number => Date.now();

export function createRunner(deps: RunnerDeps): Runner {
  const owner = `${process.pid}-${randomUUID()}`;
  const inHand = new Map<string, { kind: string; abort: AbortController; done: Promise<void> }>();
  const lanes = [
    {
      lane: { kinds: [...outboundKinds, ...batchKinds, ...elsewhereKinds], isOfOthers: true },
      concurrency: deps.concurrency,
    },
    { lane: { kinds: outboundKinds, isOfOthers: false }, concurrency: OUTBOUND_CONCURRENCY },
    { lane: { kinds: batchKinds, isOfOthers: false }, concurrency: BATCH_CONCURRENCY },
    { lane: { kinds: elsewhereKinds, isOfOthers: false }, concurrency: ELSEWHERE_CONCURRENCY },
  ];
  let isStopping = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  function wake(): void {
    if (isStopping) return;
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = lookInto().finally(() => {
      looking = undefined;
      if (lookAgain) {
        lookAgain = false;
        wake();
      }
    });
  }

  async function lookInto(): Promise<void> {
    try {
      if (!(await store.hasDue(deps.database.read, { now: deps.clock.now(), realNow: realNow() }))) return;
      for (const { lane, concurrency } of lanes) await look(lane, concurrency);
    } catch (error) {
      deps.log.error({ err: error }, 'cannot claim jobs; trying again at the next poll');
    }
  }

  async function look(lane: store.Lane, concurrency: number): Promise<void> {
    const isOurs = (kind: string) => lane.kinds.includes(kind) !== lane.isOfOthers;
    const limit = concurrency - [...inHand.values()].filter(({ kind }) => isOurs(kind)).length;
    if (limit <= 0 || isStopping) return;
    const claim = { owner, now: deps.clock.now(), realNow: realNow(), limit, lane, leaseMs: leaseOf };
    // A claim commits, and every commit wakes this loop: without the look first, an idle server would spin.
    if (!(await store.hasClaimable(deps.database.read, claim))) return;
    for (const job of await store.claim(deps.database, claim)) take(job);
  }

  function take(job: store.JobRow): void {
    const abort = new AbortController();
    const done = run(job, abort).finally(() => {
      inHand.delete(job.id);
      wake();
    });
    inHand.set(job.id, { kind: job.kind, abort, done });
  }

  async function run(job: store.JobRow, abort: AbortController): Promise<void> {
    const leaseMs = leaseOf(job.kind);
    const heartbeat = setInterval(() => {
      store.renew(deps.database, job.id, job.fence, realNow() + leaseMs).then(
        (isOurs) => isOurs || abort.abort(new Error('cancelled, or taken over after its lease ran out')),
        (error: unknown) => deps.log.warn({ err: error, job: job.id }, 'cannot renew a lease'),
      );
    }, leaseMs / 3);
    try {
      await handle(job, abort.signal);
      await store.settle(deps.database, job, { state: 'done', finishedAt: deps.clock.now() });
    } catch (error) {
      await settleFailure(job, error);
    } finally {
      clearInterval(heartbeat);
    }
  }

  async function handle(job: store.JobRow, signal: AbortSignal): Promise<void> {
    const kind = job.kind as JobKind;
    const policy = jobKinds[kind];
    if (!policy) throw new DomainError('NOT_IMPLEMENTED', `No handler for job kind ${job.kind}`);
    const payload = policy.payload.parse(JSON.parse(job.payload));
    const cause: Cause = { actor: `job:${kind}`, ...(job.caused_by !== null && { causationSeq: job.caused_by }) };
    // The table's type guarantees that payload and handler belong together; TypeScript cannot follow the correlation.
    const handler = deps.handlers[kind] as (payload: unknown, context: JobContext) => Promise<void>;
    await handler(payload, { jobId: job.id, attempt: job.attempt, signal, cause });
  }

  async function settleFailure(job: store.JobRow, error: unknown): Promise<void> {
    const isFinal = job.attempt >= job.max_attempts || isHopeless(error);
    const message = messageOf(error);
    const delayMs = error instanceof RetryLater ? error.delayMs : backOffMs(job.attempt);
    const facts = { err: error, job: job.id, kind: job.kind, attempt: job.attempt };
    deps.log[isFinal ? 'error' : 'warn'](facts, 'job failed');
    try {
      await store.settle(
        deps.database,
        job,
        isFinal
          ? { state: 'discarded', error: message, finishedAt: deps.clock.now() }
          : { state: 'available', error: message, notBefore: realNow() + delayMs },
      );
    } catch (settleError) {
      // Its lease runs out and it is claimed again.
      deps.log.error({ err: settleError, job: job.id }, 'cannot record a failed job');
    }
  }

  return {
    wake,
    async start() {
      if (deps.database.dialect.name === 'sqlite') await store.releaseOthers(deps.database, owner);
      timer = setInterval(wake, POLL_MS);
      deps.database.onCommit(wake);
      wake();
    },
    async stop(graceMs) {
      isStopping = true;
      clearInterval(timer);
      await looking;
      const late = setTimeout(() => {
        for (const { abort } of inHand.values()) abort.abort(new Error('the server is stopping'));
      }, graceMs);
      await Promise.allSettled([...inHand.values()].map((entry) => entry.done));
      clearTimeout(late);
    },
  };
}

function leaseOf(kind: string): number {
  return jobKinds[kind as JobKind]?.leaseMs ?? 30_000;
}

/** A mistake in the request stays one: only what may pass by itself is tried again. */
function isHopeless(error: unknown): boolean {
  return error instanceof DomainError && error.code !== 'INTERNAL' && !errorCodes[error.code].isRetryable;
}

function backOffMs(attempt: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
}
