import type { ErrorCode, ServingRole } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import { Histogram } from '#kernel/histogram';
import type { BatchCounts } from './batching/batch-counts.ts';
import type { ServedState } from './served-state.ts';

/** How often something was done, and how long it took together. */
export interface TimedCount {
  readonly count: number;
  readonly ns: number;
}

/** What one revision has done since this process began. */
export interface RevisionStatistics {
  readonly deployment: string;
  readonly revision: number;
  /** Milliseconds since 1970, by the clock of the machine; 0 before the first. */
  readonly lastInferenceAt: number;
  /** Rows that it answered. */
  readonly inferenceCount: number;
  /** Batches that the model was asked, and how long they took. */
  readonly executed: TimedCount;
  /** Requests within them, and how long they had waited for it. */
  readonly queued: TimedCount;
  /** Requests, or the parts of them that the revision was to answer, from their arrival at the model to its answer. */
  readonly success: TimedCount;
  readonly fail: TimedCount;
}

/** `invalid`: the model says that the caller's values are wrong; `error`: it failed. */
export const outcomes = ['ok', 'invalid', 'error'] as const;
export type Outcome = (typeof outcomes)[number];

/** What a model that threw this made of its request. */
export function failedBy(failure: unknown): Outcome {
  return failure instanceof DomainError && failure.code === 'INVALID_ARGUMENT' ? 'invalid' : 'error';
}

/** In the place of a revision: the constant that answers while a breaker is open. */
export const NO_REVISION = 0;

/** Errors by which a server says that it cannot answer now, though nothing is wrong with the request. */
export const refusals = ['RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'STORAGE_FULL'] as const;
type Refusal = (typeof refusals)[number] & ErrorCode;

const BUCKETS_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What one revision has answered in one role. */
export class AnswerCounts {
  readonly rows: Record<Outcome, number> = { ok: 0, invalid: 0, error: 0 };
  readonly requests: Record<Outcome, number> = { ok: 0, invalid: 0, error: 0 };
  /** From the arrival of a request, or its part, at the model until its answer or failure. */
  readonly seconds = new Histogram(BUCKETS_SECONDS);
  successMs = 0;
  failureMs = 0;
  lastAt = 0;

  add(rows: number, durationMs: number, outcome: Outcome): void {
    this.rows[outcome] += rows;
    this.requests[outcome] += 1;
    this.seconds.observe(durationMs / 1_000);
    if (outcome === 'ok') this.successMs += durationMs;
    else this.failureMs += durationMs;
    this.lastAt = Date.now();
  }
}

/** What became of the requests of a deployment, whoever answered them. */
export class RequestCounts {
  /** Of those that were answered, with the log of it. */
  readonly seconds = new Histogram(BUCKETS_SECONDS);
  readonly refused: Record<Refusal, number> = {
    RESOURCE_EXHAUSTED: 0,
    UNAVAILABLE: 0,
    DEADLINE_EXCEEDED: 0,
    STORAGE_FULL: 0,
  };

  /** Counts what is a refusal among errors. */
  addFailure(error: unknown): void {
    if (error instanceof DomainError && error.code in this.refused) this.refused[error.code as Refusal] += 1;
  }
}

export interface AnsweredBy {
  readonly deployment: string;
  readonly revision: number;
  readonly role: ServingRole;
  readonly counts: AnswerCounts;
}

/** Counters by what is served. What is no longer served is forgotten whenever they are read. */
export interface ServingStatistics {
  of(deployment: string, revision: number, role: ServingRole): AnswerCounts;
  requestsOf(deployment: string): RequestCounts;
  /** Of every revision that is served, and of those of them that have answered by role. */
  read(states: ReadonlyMap<string, ServedState>): readonly AnsweredBy[];
  /** Of the revisions that are served now, by deployment and revision. */
  summed(states: ReadonlyMap<string, ServedState>): RevisionStatistics[];
}

const NS_PER_MS = 1_000_000;
const NS_PER_SECOND = 1_000_000_000;

export function createServingStatistics(): ServingStatistics {
  const known = new Map<string, Map<number, Map<ServingRole, AnswerCounts>>>();
  const requests = new Map<string, RequestCounts>();

  function forgetGone(states: ReadonlyMap<string, ServedState>): void {
    for (const name of requests.keys()) if (!states.has(name)) requests.delete(name);
    for (const [deployment, revisions] of known) {
      const served = states.get(deployment)?.revisions;
      if (!served) known.delete(deployment);
      for (const revision of revisions.keys()) {
        if (revision !== NO_REVISION && !served?.has(revision)) revisions.delete(revision);
      }
    }
  }

  return {
    of(deployment, revision, role) {
      let revisions = known.get(deployment);
      if (!revisions) known.set(deployment, (revisions = new Map()));
      let roles = revisions.get(revision);
      if (!roles) revisions.set(revision, (roles = new Map()));
      let counts = roles.get(role);
      if (!counts) roles.set(role, (counts = new AnswerCounts()));
      return counts;
    },
    requestsOf(deployment) {
      let counts = requests.get(deployment);
      if (!counts) requests.set(deployment, (counts = new RequestCounts()));
      return counts;
    },
    read(states) {
      forgetGone(states);
      return [...known].flatMap(([deployment, revisions]) =>
        [...revisions].flatMap(([revision, roles]) =>
          [...roles].map(([role, counts]) => ({ deployment, revision, role, counts })),
        ),
      );
    },
    summed(states) {
      forgetGone(states);
      return [...states].flatMap(([deployment, state]) =>
        [...state.revisions]
          .toSorted(([a], [b]) => a - b)
          .map(([revision, { model }]) => {
            const roles = [...(known.get(deployment)?.get(revision)?.values() ?? [])];
            return { deployment, revision, ...answered(roles), ...batched(model) };
          }),
      );
    },
  };
}

function answered(roles: readonly AnswerCounts[]) {
  const sum = (value: (counts: AnswerCounts) => number): number =>
    roles.reduce((total, counts) => total + value(counts), 0);
  return {
    lastInferenceAt: roles.reduce((latest, { lastAt }) => Math.max(latest, lastAt), 0),
    inferenceCount: sum(({ rows }) => rows.ok),
    success: {
      count: sum((counts) => counts.requests.ok),
      ns: Math.round(sum((counts) => counts.successMs) * NS_PER_MS),
    },
    fail: {
      count: sum((counts) => counts.requests.invalid + counts.requests.error),
      ns: Math.round(sum((counts) => counts.failureMs) * NS_PER_MS),
    },
  };
}

function batched(model: { counts(): BatchCounts }) {
  const { rows, waits, executionMs } = model.counts();
  return {
    executed: { count: rows.count, ns: Math.round(executionMs * NS_PER_MS) },
    queued: { count: waits.count, ns: Math.round(waits.sum * NS_PER_SECOND) },
  };
}
