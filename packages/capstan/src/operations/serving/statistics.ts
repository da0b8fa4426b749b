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
  /** Times that the model was asked. */
  readonly executionCount: number;
  /** Requests, or the parts of them that the revision was to answer, from their arrival at the model to its answer. */
  readonly success: TimedCount;
  readonly fail: TimedCount;
}

export interface AnsweredRows {
  readonly deployment: string;
  readonly revision: number;
  readonly rows: number;
  readonly durationMs: number;
  readonly isSuccess: boolean;
}

export interface ServingStatistics {
  count(answered: AnsweredRows): void;
  /** Of the revisions that are served now, by deployment and revision; what is about others is forgotten. */
  of(states: ReadonlyMap<string, ServedState>): RevisionStatistics[];
}

interface Counters {
  lastInferenceAt: number;
  inferenceCount: number;
  successes: number;
  successMs: number;
  failures: number;
  failureMs: number;
}

const NS_PER_MS = 1_000_000;

export function createServingStatistics(): ServingStatistics {
  const known = new Map<string, Map<number, Counters>>();

  function countersOf(deployment: string, revision: number): Counters {
    let revisions = known.get(deployment);
    if (!revisions) known.set(deployment, (revisions = new Map()));
    let counters = revisions.get(revision);
    if (!counters) revisions.set(revision, (counters = nothingYet()));
    return counters;
  }

  return {
    count({ deployment, revision, rows, durationMs, isSuccess }) {
      const counters = countersOf(deployment, revision);
      counters.lastInferenceAt = Date.now();
      if (isSuccess) {
        counters.inferenceCount += rows;
        counters.successes += 1;
        counters.successMs += durationMs;
      } else {
        counters.failures += 1;
        counters.failureMs += durationMs;
      }
    },
    of(states) {
      for (const [deployment, revisions] of known) {
        const served = states.get(deployment)?.revisions;
        if (!served) known.delete(deployment);
        for (const revision of revisions.keys()) if (!served?.has(revision)) revisions.delete(revision);
      }
      return [...states].flatMap(([deployment, state]) =>
        [...state.revisions.keys()]
          .toSorted((a, b) => a - b)
          .map((revision) => shown(deployment, revision, known.get(deployment)?.get(revision) ?? nothingYet())),
      );
    },
  };
}

function nothingYet(): Counters {
  return { lastInferenceAt: 0, inferenceCount: 0, successes: 0, successMs: 0, failures: 0, failureMs: 0 };
}

function shown(deployment: string, revision: number, counters: Counters): RevisionStatistics {
  return {
    deployment,
    revision,
    lastInferenceAt: counters.lastInferenceAt,
    inferenceCount: counters.inferenceCount,
    executionCount: counters.successes + counters.failures,
    success: { count: counters.successes, ns: Math.round(counters.successMs * NS_PER_MS) },
    fail: { count: counters.failures, ns: Math.round(counters.failureMs * NS_PER_MS) },
  };
}
