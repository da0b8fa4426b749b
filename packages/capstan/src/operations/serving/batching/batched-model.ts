import type { LoadedModel, Tensor } from '#ports/model-runtime';
import type { BatchCounts } from './batch-counts.ts';
import { createBatcher, NotSplittable, type BatchFacts, type Batcher, type Wait } from './batcher.ts';
import { BATCHING_DEFAULTS, type BatchingOptions } from './model.ts';
import { canBatch, mergeOutputs, rowsOf, tensorWork } from './tensor-batches.ts';

type Inputs = readonly Tensor[];

export interface BatchedModel extends Pick<
  Batcher<Inputs, Inputs>,
  'admit' | 'waitingRows' | 'isBatchable' | 'counts'
> {
  /** As the model's own `predict`, together with what else waits. @throws DomainError as Batcher.submit does */
  predict(inputs: Inputs, wait?: Wait): Promise<readonly Tensor[]>;
  /** Lets what waits be answered, then closes the model. */
  close(): Promise<void>;
}

/** Batches the requests of a model; the inputs have been checked against its specs. */
export function createBatchedModel(
  model: LoadedModel,
  given: Partial<BatchingOptions> = {},
  counts?: BatchCounts,
): BatchedModel {
  const { instances = 1, queued = 0, mostInlineRows: inlineRows = 0 } = model;
  const options: BatchingOptions = { ...BATCHING_DEFAULTS, instances, queued, inlineRows, ...given };
  const mayBatch = canBatch(model);
  const batcher = createBatcher(tensorWork(model), options, mayBatch, counts);

  /** In parts of the most rows, each of which waits its turn, so that a large request holds up no small one for long. */
  async function predictInParts(inputs: Inputs, rows: number, wait: Wait): Promise<readonly Tensor[]> {
    const starts = Array.from({ length: Math.ceil(rows / options.maxRows) }, (_, part) => part * options.maxRows);
    const sizes = starts.map((from) => Math.min(options.maxRows, rows - from));
    const batches: BatchFacts[] = [];
    const failed = new AbortController();
    const signal = wait.signal ? AbortSignal.any([wait.signal, failed.signal]) : failed.signal;
    const parts = starts.map((from, index) => {
      const part = inputs.map((input) => rowsOf(input, from, from + (sizes[index] ?? 0)));
      return batcher.submit(part, { ...wait, signal, onBatch: (batch) => void (batches[index] = batch) });
    });
    try {
      const outputs = mergeOutputs(await Promise.all(parts), sizes);
      for (const batch of batches) wait.onBatch?.(batch);
      return outputs;
    } catch (error) {
      failed.abort();
      await Promise.allSettled(parts);
      if (error instanceof NotSplittable) return await batcher.submit(inputs, wait);
      throw error;
    }
  }

  return {
    admit: batcher.admit,
    waitingRows: batcher.waitingRows,
    isBatchable: batcher.isBatchable,
    counts: batcher.counts,
    predict(inputs, wait = {}) {
      const rows = inputs[0]?.shape[0] ?? 1;
      if (rows <= options.maxRows || !batcher.isBatchable()) return batcher.submit(inputs, wait);
      return predictInParts(inputs, rows, wait);
    },
    async close() {
      await batcher.close();
      await model.close();
    },
  };
}
