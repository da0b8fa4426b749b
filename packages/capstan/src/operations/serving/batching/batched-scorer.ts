import type { LoadedModel, ScoringAnswer, ScoringOptions, ScoringRequest } from '#ports/model-runtime';
import { createBatcher, type Batcher } from './batcher.ts';
import { BATCHING_DEFAULTS, type BatchingOptions } from './model.ts';

interface Scored extends ScoringRequest {
  readonly isRecorded: boolean;
}

export interface BatchedScorer extends Pick<Batcher<Scored, ScoringAnswer>, 'close'> {
  score(requests: readonly ScoringRequest[], options?: ScoringOptions): Promise<readonly ScoringAnswer[]>;
}

/** How many rows are in a request is not known before the model has read it: requests are counted. */
const MOST_REQUESTS = 256;

/** Batches the requests that a model reads by itself; which of them go together in the end is the model's affair. */
export function createBatchedScorer(
  model: Pick<LoadedModel, 'instances'>,
  score: NonNullable<LoadedModel['score']>,
  given: Partial<BatchingOptions> = {},
): BatchedScorer {
  const batcher = createBatcher<Scored, ScoringAnswer>(
    {
      keyOf: ({ contentType, isRecorded }) => `${isRecorded} ${contentType}`,
      rowsOf: () => 1,
      bytesOf: ({ body }) => body.byteLength,
      run: (items, deadline) => score(items, { deadline, isRecorded: items[0]?.isRecorded ?? false }),
    },
    { ...BATCHING_DEFAULTS, maxRows: MOST_REQUESTS, instances: model.instances ?? 1, ...given },
  );
  return {
    score: (requests, { isRecorded = false, ...wait } = {}) =>
      Promise.all(requests.map(({ contentType, body }) => batcher.submit({ contentType, body, isRecorded }, wait))),
    close: batcher.close,
  };
}
