import type { ServedFlavor, ServingSettings } from '@capstan/api';
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
import { batchingOf, digestIn, keyOf, limitedWaits, loadingOf, type ModelKey } from './model-settings.ts';

export interface ShelvedModel extends Pick<BatchedModel, 'predict' | 'admit' | 'counts' | 'waitingRows'> {
  readonly digest: string;
  readonly flavor: ServedFlavor;
  /** What it runs with; undefined: as the data plane's own settings have it. */
  readonly serving?: ServingSettings | undefined;
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

/** The runtime of each flavor that this data plane serves. */
export type Runtimes = Readonly<Partial<Record<ServedFlavor, ModelRuntime>>>;

/** The models of one data plane, by what `keyOf` says of their files and settings. */
export interface ModelShelf {
  /** @throws DomainError INVALID_ARGUMENT when it is no servable model; UNAVAILABLE when the file cannot be had now */
  take(key: ModelKey): Promise<ShelvedModel>;
  /** What a model that is still being loaded is at: an environment takes minutes once. */
  progressOf(key: string): string | undefined;
  /** Closes models that are not among these, and forgets their failures; files that none needs go too. */
  keepOnly(keys: ReadonlySet<string>): Promise<void>;
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

  async function load(model: ModelKey): Promise<ShelvedModel> {
    const { digest, flavor, serving = {} } = model;
    const key = keyOf(model);
    const runtime = runtimes[flavor];
    if (!runtime) {
      throw new DomainError('INVALID_ARGUMENT', `Models of the flavor ${flavor} are not served here`, {
        hint: 'Start the data plane with a Python interpreter.',
      });
    }
    const say = (line: string): void => void progress.set(key, line);
    say('fetching its files');
    try {
      const path = flavor === 'onnx' ? await files.file(digest) : await files.folder(digest);
      say('loading');
      const onProgress = (line: string): void => {
        log.info({ model: digest }, line);
        if (line.trim() !== '') say(line);
      };
      const loaded = await runtime.load(path, { ...loadingOf(serving, loading), onProgress });
      progress.delete(key);
      failures.delete(key);
      return shelved(model, cacheFor(serving), loaded);
    } catch (error) {
      say(`the last try failed: ${messageOf(error)}`);
      throw error;
    }
  }

  function cacheFor({ resultCacheBytes: own }: ServingSettings): ResultCache | undefined {
    if (own === undefined) return cache;
    return own > 0 ? createResultCache(own) : undefined;
  }

  /** At once after the first failure, then ever later: a model that cannot start must not keep the machine busy. */
  function tryLater(key: string, failed: Promise<ShelvedModel>, error: unknown): void {
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    log.warn({ model: key }, `a model cannot be loaded now: ${messageOf(error)}`);
    const forget = (): void => {
      if (shelf.get(key) === failed) shelf.delete(key);
    };
    if (count === 1) forget();
    else setTimeout(forget, Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** count)).unref();
  }

  async function drop(key: string, loading: Promise<ShelvedModel>): Promise<void> {
    shelf.delete(key);
    failures.delete(key);
    progress.delete(key);
    const kept = await loading.catch(() => undefined);
    await kept?.retire();
    const digest = digestIn(key);
    // Revisions of the same files with other settings share them.
    if ([...shelf.keys()].every((other) => digestIn(other) !== digest)) await files.remove(digest);
  }

  return {
    take(model) {
      const key = keyOf(model);
      const known = shelf.get(key);
      if (known) return known;
      const taken = load(model);
      shelf.set(key, taken);
      // What could not be had now may be had later; what is no model stays none.
      taken.catch((error: unknown) => {
        if (!(error instanceof DomainError && error.code === 'INVALID_ARGUMENT')) tryLater(key, taken, error);
      });
      return taken;
    },
    progressOf: (key) => progress.get(key),
    async keepOnly(keys) {
      const unneeded = [...shelf].filter(([key]) => !keys.has(key));
      await Promise.all(unneeded.map(([key, loading]) => drop(key, loading)));
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
  const batching = batchingOf(key.serving ?? {});
  const batched = createBatchedModel(model, batching, counts);
  const scores = batchedScore(model, batching, counts);
  const limited = limitedWaits(key.serving ?? {});
  const predict: BatchedModel['predict'] = limited
    ? (inputs, wait) => batched.predict(inputs, limited(wait))
    : batched.predict;
  return {
    ...key,
    inputs: model.inputs,
    outputs: model.outputs,
    ...(model.classLabels && { classLabels: model.classLabels }),
    predict: cache ? (inputs, wait) => cache.answer(key.digest, inputs, () => predict(inputs, wait)) : predict,
    admit: limited
      ? (rows, bytes, deadline) => batched.admit(rows, bytes, limited({ deadline }).deadline)
      : batched.admit,
    counts: () => counts,
    waitingRows: () => batched.waitingRows() + (scores?.waitingRows() ?? 0),
    ...(model.status && { status: model.status.bind(model) }),
    ...(scores && { score: limited ? (request, wait) => scores.submit(request, limited(wait)) : scores.submit }),
    async retire() {
      await scores?.close();
      await batched.close();
    },
  };
}
