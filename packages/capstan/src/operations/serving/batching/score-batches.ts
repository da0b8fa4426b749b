import type { LoadedModel, ScoringAnswer, ScoringRequest } from '#ports/model-runtime';
import type { BatchCounts } from './batch-counts.ts';
import { createBatcher, type Batcher } from './batcher.ts';
import { BATCHING_DEFAULTS, type BatchingOptions } from './model.ts';

/** Requests of one execution: what their rows are is only known where they are read. */
const MOST_REQUESTS = 128;

/**
 * Batches requests that a model reads by itself; undefined for models that read none. The model joins those whose rows
 * go together and answers each by itself, so nothing has to be told apart here.
 */
export function batchedScore(
  model: LoadedModel,
  given: Partial<BatchingOptions> = {},
  counts?: BatchCounts,
): Batcher<ScoringRequest, ScoringAnswer> | undefined {
  if (!model.score) return undefined;
  const maxRows = Math.min(MOST_REQUESTS, given.maxRows ?? MOST_REQUESTS);
  const options = { ...BATCHING_DEFAULTS, instances: model.instances ?? 1, ...given, maxRows };
  const score = model.score.bind(model);
  return createBatcher<ScoringRequest, ScoringAnswer>(
    {
      keyOf: ({ contentType }) => contentType,
      rowsOf: () => 1,
      bytesOf: ({ body }) => body.byteLength,
      rowsIn: ({ rows }) => rows,
      run: (requests, { deadline }) => score(requests, { deadline, isRecorded: true }),
    },
    options,
    true,
    counts,
  );
}
