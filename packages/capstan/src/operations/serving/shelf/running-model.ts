import type { LoadedModel, ModelStatus, ScoringAnswer, ScoringRequest, Tensor } from '#ports/model-runtime';
import { createBatchedModel, type BatchedModel } from '../batching/batched-model.ts';
import type { BatchCounts } from '../batching/batch-counts.ts';
import type { Wait } from '../batching/batcher.ts';
import type { ResultCache } from '../batching/result-cache.ts';
import { batchedScore } from '../batching/score-batches.ts';
import { batchingOf, limitedWaits, type ModelKey } from '../model-settings.ts';

/** A model in memory, with the batches that are made for it. */
export interface RunningModel extends Pick<BatchedModel, 'predict' | 'admit' | 'waitingRows'> {
  readonly model: LoadedModel;
  /** Of models that read MLflow's scoring protocol by themselves. */
  readonly score?: (request: ScoringRequest, wait?: Wait) => Promise<ScoringAnswer>;
  readonly status?: () => ModelStatus;
  /** One execution beside all batches. */
  rehearse(inputs: readonly Tensor[], deadline: number): Promise<void>;
  /** Requests wait for it or run on it. */
  isBusy(): boolean;
  /** Closes the model once what waits for it or runs on it has been answered. */
  retire(): Promise<void>;
}

export function runModel(
  key: ModelKey,
  loaded: LoadedModel,
  counts: BatchCounts,
  cache: ResultCache | undefined,
): RunningModel {
  const settings = key.serving ?? {};
  const batching = batchingOf(settings);
  let executions = 0;
  const model = watched(loaded, (change) => (executions += change));
  // What is asked by tensors and what the model reads by itself wait side by side: for those who watch it, one queue.
  const batched = createBatchedModel(model, batching, counts);
  const scores = batchedScore(model, batching, counts);
  const limited = limitedWaits(settings);
  const waitingRows = (): number => batched.waitingRows() + (scores?.waitingRows() ?? 0);
  const predict: BatchedModel['predict'] = limited
    ? (inputs, wait) => batched.predict(inputs, limited(wait))
    : batched.predict;
  return {
    model: loaded,
    predict: cache ? (inputs, wait) => cache.answer(key.digest, inputs, () => predict(inputs, wait)) : predict,
    admit: limited ? (bytes, deadline) => batched.admit(bytes, limited({ deadline }).deadline) : batched.admit,
    waitingRows,
    rehearse: async (inputs, deadline) => void (await model.predict(inputs, { deadline })),
    isBusy: () => executions > 0 || waitingRows() > 0,
    ...(loaded.status && { status: loaded.status.bind(loaded) }),
    ...(scores && { score: limited ? (request, wait) => scores.submit(request, limited(wait)) : scores.submit }),
    async retire() {
      await scores?.close();
      await batched.close();
    },
  };
}

/** The model, with a word whenever an execution begins or ends. */
function watched(loaded: LoadedModel, onChange: (change: 1 | -1) => void): LoadedModel {
  const counting = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    onChange(1);
    try {
      return await work();
    } finally {
      onChange(-1);
    }
  };
  const score = loaded.score?.bind(loaded);
  return {
    inputs: loaded.inputs,
    get outputs() {
      return loaded.outputs;
    },
    ...(loaded.classLabels && { classLabels: loaded.classLabels }),
    ...(loaded.instances !== undefined && { instances: loaded.instances }),
    ...(loaded.mostInlineRows !== undefined && { mostInlineRows: loaded.mostInlineRows }),
    ...(loaded.queued !== undefined && { queued: loaded.queued }),
    ...(loaded.isBatchable !== undefined && { isBatchable: loaded.isBatchable }),
    predict: (inputs, options) => counting(() => loaded.predict(inputs, options)),
    ...(score && { score: (requests, options) => counting(() => score(requests, options)) }),
    close: () => loaded.close(),
  };
}
