import type { ServedFlavor, ServingRoute } from '@capstan/api';
import type { Logger } from 'pino';
import { DomainError, messageOf } from '#kernel/errors';
import type {
  LoadedModel,
  LoadOptions,
  ModelStatus,
  ModelRuntime,
  ScoringAnswer,
  ScoringRequest,
  TensorSpec,
} from '#ports/model-runtime';
import { createBatchedModel, type BatchedModel } from './batching/batched-model.ts';
import { nothingBatched, type Wait } from './batching/batcher.ts';
import { createResultCache, type ResultCache } from './batching/result-cache.ts';
import { batchedScore } from './batching/score-batches.ts';
import type { ModelFiles } from './model-files.ts';

export interface ShelvedModel extends Pick<BatchedModel, 'predict' | 'admit' | 'counts' | 'waitingRows'> {
  readonly digest: string;
  readonly flavor: ServedFlavor;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly classLabels?: LoadedModel['classLabels'];
  /** Of models that read MLflow's scoring protocol by themselves. */
  readonly score?: (request: ScoringRequest, wait?: Wait) => Promise<ScoringAnswer>;
  /** Of models in processes of their own. */
  readonly status?: () => ModelStatus;
  /** Closes the model once what waits for it or runs on it has been answered. */
  retire(): Promise<void>;
}

/** What tells one model from another. */
export type ModelKey = Pick<ServingRoute, 'digest' | 'flavor'>;

/** The runtime of each flavor that this data plane serves. */
export type Runtimes = Readonly<Partial<Record<ServedFlavor, ModelRuntime>>>;

/** The models of one data plane, by the digest of their files. */
export interface ModelShelf {
  /** @throws DomainError INVALID_ARGUMENT when it is no servable model; UNAVAILABLE when the file cannot be had now */
  take(key: ModelKey): Promise<ShelvedModel>;
  /** What a model that is still being loaded is at: an environment takes minutes once. */
  progressOf(digest: string): string | undefined;
  /** Closes models that are not among these, and forgets their failures; their files go too. */
  keepOnly(digests: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

export interface ShelfDeps {
  readonly files: ModelFiles;
  readonly runtimes: Runtimes;
  readonly loading: Pick<LoadOptions, 'workers' | 'maxMemoryBytes'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Of answers kept for the same inputs; 0: none. */
  readonly resultCacheBytes: number;
}

export function createModelShelf({ files, runtimes, loading, log, resultCacheBytes }: ShelfDeps): ModelShelf {
  const cache = resultCacheBytes > 0 ? createResultCache(resultCacheBytes) : undefined;
  const shelf = new Map<string, Promise<ShelvedModel>>();
  const progress = new Map<string, string>();
  const failures = new Map<string, number>();

  async function load({ digest, flavor }: ModelKey): Promise<ShelvedModel> {
    const runtime = runtimes[flavor];
    if (!runtime) {
      throw new DomainError('INVALID_ARGUMENT', `Models of the flavor ${flavor} are not served here`, {
        hint: 'Start the data plane with a Python interpreter.',
      });
    }
    const say = (line: string): void => void progress.set(digest, line);
    say('fetching its files');
    try {
      const path = flavor === 'onnx' ? await files.file(digest) : await files.folder(digest);
      say('loading');
      const onProgress = (line: string): void => {
        log.info({ model: digest }, line);
        if (line.trim() !== '') say(line);
      };
      const model = shelved({ digest, flavor }, cache, await runtime.load(path, { ...loading, onProgress }));
      progress.delete(digest);
      failures.delete(digest);
      return model;
    } catch (error) {
      say(`the last try failed: ${messageOf(error)}`);
      throw error;
    }
  }

  /** At once after the first failure, then ever later: a model that cannot start must not keep the machine busy. */
  function tryLater(digest: string, failed: Promise<ShelvedModel>, error: unknown): void {
    const count = (failures.get(digest) ?? 0) + 1;
    failures.set(digest, count);
    log.warn({ model: digest }, `a model cannot be loaded now: ${messageOf(error)}`);
    const forget = (): void => {
      if (shelf.get(digest) === failed) shelf.delete(digest);
    };
    if (count === 1) forget();
    else setTimeout(forget, Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** count)).unref();
  }

  async function drop(digest: string, loading: Promise<ShelvedModel>): Promise<void> {
    shelf.delete(digest);
    failures.delete(digest);
    progress.delete(digest);
    const kept = await loading.catch(() => undefined);
    await kept?.retire();
    if (!shelf.has(digest)) await files.remove(digest);
  }

  return {
    take(key) {
      const known = shelf.get(key.digest);
      if (known) return known;
      const taken = load(key);
      shelf.set(key.digest, taken);
      // What could not be had now may be had later; what is no model stays none.
      taken.catch((error: unknown) => {
        if (!(error instanceof DomainError && error.code === 'INVALID_ARGUMENT')) tryLater(key.digest, taken, error);
      });
      return taken;
    },
    progressOf: (digest) => progress.get(digest),
    async keepOnly(digests) {
      const unneeded = [...shelf].filter(([digest]) => !digests.has(digest));
      await Promise.all(unneeded.map(([digest, loading]) => drop(digest, loading)));
    },
    async close() {
      const all = [...shelf.values()];
      shelf.clear();
      await Promise.all(all.map(async (loading) => (await loading.catch(() => undefined))?.retire()));
    },
  };
}

function shelved(key: ModelKey, cache: ResultCache | undefined, model: LoadedModel): ShelvedModel {
  // What is asked by tensors and what the model reads by itself wait side by side: for those who watch it, one queue.
  const counts = nothingBatched();
  const { predict, admit, waitingRows, close } = createBatchedModel(model, {}, counts);
  const scores = batchedScore(model, {}, counts);
  return {
    ...key,
    inputs: model.inputs,
    outputs: model.outputs,
    ...(model.classLabels && { classLabels: model.classLabels }),
    predict: cache ? (inputs, wait) => cache.answer(key.digest, inputs, () => predict(inputs, wait)) : predict,
    admit,
    counts: () => counts,
    waitingRows: () => waitingRows() + (scores?.waitingRows() ?? 0),
    ...(model.status && { status: model.status.bind(model) }),
    ...(scores && { score: scores.submit }),
    async retire() {
      await scores?.close();
      await close();
    },
  };
}
