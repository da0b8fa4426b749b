import type { ServingRoute, ServingSettings } from '@capstan/api';
import { canonicalJson } from '#kernel/canonical-json';
import type { LoadOptions } from '#ports/model-runtime';
import type { Wait } from './batching/batcher.ts';
import { BATCHING_DEFAULTS, type BatchingOptions } from './batching/model.ts';

/** What tells one model from another: its files, and how it runs. */
export type ModelKey = Pick<ServingRoute, 'digest' | 'flavor' | 'serving'> & Partial<Pick<ServingRoute, 'package'>>;

/** The key as text. Revisions of the same files that set nothing have the same model, and its one queue. */
export function keyOf({
  digest,
  serving,
}: {
  readonly digest: string;
  readonly serving?: ServingSettings | undefined;
}): string {
  return serving === undefined ? digest : `${digest} ${canonicalJson(serving)}`;
}

/** The digest in such a text. */
export function digestIn(key: string): string {
  return key.split(' ', 1)[0] ?? key;
}

/** What a revision says of batches and queues; the rest is as by default. */
export function batchingOf(settings: ServingSettings): Partial<BatchingOptions> {
  const { maxBatchSize, maxQueueDelayMs, preferredBatchSizes, maxQueueSize, defaultTimeoutMs, maxTimeoutMs } = settings;
  return {
    ...(maxBatchSize !== undefined && { maxRows: maxBatchSize }),
    ...(maxQueueDelayMs !== undefined && { maxDelayMs: maxQueueDelayMs }),
    ...(preferredBatchSizes !== undefined && { preferredRows: preferredBatchSizes }),
    ...(maxQueueSize !== undefined && { maxQueueRows: maxQueueSize }),
    defaultDeadlineMs: defaultTimeoutMs ?? Math.min(BATCHING_DEFAULTS.defaultDeadlineMs, maxTimeoutMs ?? Infinity),
    executionTimeoutMs: Math.max(BATCHING_DEFAULTS.executionTimeoutMs, defaultTimeoutMs ?? 0, maxTimeoutMs ?? 0),
  };
}

/** What a revision says of processes and threads, else what the data plane's own settings say. */
export function loadingOf(
  { workers, workerMemoryBytes, intraOpThreads, defaultTimeoutMs, maxTimeoutMs }: ServingSettings,
  defaults: Pick<LoadOptions, 'workers' | 'maxMemoryBytes'>,
): LoadOptions {
  const requestMs = maxTimeoutMs ?? defaultTimeoutMs;
  return {
    ...defaults,
    ...(workers !== undefined && { workers }),
    ...(workerMemoryBytes !== undefined && { maxMemoryBytes: workerMemoryBytes }),
    ...(intraOpThreads !== undefined && { intraOpThreads }),
    ...(requestMs !== undefined && { requestMs }),
  };
}

/** Holds deadlines to the longest that a revision allows: a caller who asks for more gets that. */
export function limitedWaits({ maxTimeoutMs }: ServingSettings): ((wait: Wait | undefined) => Wait) | undefined {
  if (maxTimeoutMs === undefined) return undefined;
  return (wait = {}) => {
    const latest = performance.now() + maxTimeoutMs;
    return wait.deadline === undefined || wait.deadline <= latest ? wait : { ...wait, deadline: latest };
  };
}
