import type { ServedFlavor, ServingSettings } from '@capstan/api';
import type { Logger } from 'pino';
import { DomainError, messageOf } from '#kernel/errors';
import type { LoadedModel, LoadOptions, ModelRuntime } from '#ports/model-runtime';
import { createResultCache, type ResultCache } from './batching/result-cache.ts';
import type { ModelFiles } from './model-files.ts';
import { digestIn, keyOf, loadingOf, type ModelKey } from './model-settings.ts';
import { createModelMemory } from './shelf/model-memory.ts';
import { createOnDemandModel, type ShelvedModel } from './shelf/on-demand-model.ts';

export type { ShelvedModel } from './shelf/on-demand-model.ts';

/** The runtime of each flavor that this data plane serves. */
export type Runtimes = Readonly<Partial<Record<ServedFlavor, ModelRuntime>>>;

/** The models of one data plane, by what `keyOf` says of their files and settings. */
export interface ModelShelf {
  /**
   * Resolves once the model has been loaded, so that it is known to be one; it may be unloaded again by then.
   * @throws DomainError INVALID_ARGUMENT when it is no servable model; UNAVAILABLE when the file cannot be had now
   */
  take(key: ModelKey): Promise<ShelvedModel>;
  /** Loads a model that is only to be there in case, if there is room for it. */
  keepWarm(key: ModelKey): void;
  /** What a model that is still being loaded is at: an environment takes minutes once. */
  progressOf(key: string): string | undefined;
  /** Closes models that are among neither, and forgets their failures; files that none needs go too. */
  keepOnly(served: ReadonlySet<string>, warm: ReadonlySet<string>): Promise<void>;
  memory(): ShelfMemory;
  close(): Promise<void>;
}

export interface ShelfMemory {
  /** Null: as much as they want. */
  readonly budgetBytes: number | null;
  readonly takenBytes: number;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
const SWEEP_MS = 500;

export interface ShelfDeps {
  readonly files: ModelFiles;
  readonly runtimes: Runtimes;
  readonly loading: Pick<LoadOptions, 'workers' | 'maxMemoryBytes'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Of answers kept for the same inputs; 0: none. */
  readonly resultCacheBytes: number;
  /** What all models may take together; null: as much as they want. */
  readonly memoryBudgetBytes: number | null;
}

export function createModelShelf(deps: ShelfDeps): ModelShelf {
  const { files, runtimes, log } = deps;
  const cache = deps.resultCacheBytes > 0 ? createResultCache(deps.resultCacheBytes) : undefined;
  const memory = createModelMemory(deps.memoryBudgetBytes);
  const shelf = new Map<string, Promise<ShelvedModel>>();
  /** Those of them that are there, by key. */
  const models = new Map<string, ShelvedModel>();
  const spares = new Set<string>();
  const fetched = new Set<string>();
  const progress = new Map<string, string>();
  const failures = new Map<string, number>();
  let uses = 0;

  const sweeping = setInterval(() => {
    const now = performance.now();
    for (const model of models.values()) model.sweep(now);
    memory.look();
  }, SWEEP_MS).unref();

  async function open(
    { digest, flavor, serving = {}, package: whole }: ModelKey,
    key: string,
    options: Pick<LoadOptions, 'reserve' | 'expectedBytes'>,
  ): Promise<LoadedModel> {
    const runtime = runtimes[flavor];
    if (!runtime) {
      throw new DomainError('INVALID_ARGUMENT', `Models of the flavor ${flavor} are not served here`, {
        hint: 'Start the data plane with a Python interpreter.',
      });
    }
    const say = (line: string): void => void progress.set(key, line);
    say('fetching its files');
    try {
      fetched.add(digest);
      const place = await placeOf(flavor, digest, whole);
      say('loading');
      const onProgress = (line: string): void => {
        log.info({ model: digest }, line);
        if (line.trim() !== '') say(line);
      };
      const loaded = await runtime.load(place.path, {
        ...loadingOf(serving, deps.loading),
        ...options,
        ...place.options,
        onProgress,
      });
      progress.delete(key);
      failures.delete(key);
      return loaded;
    } catch (error) {
      say(`the last try failed: ${messageOf(error)}`);
      throw error;
    }
  }

  async function placeOf(flavor: ServedFlavor, digest: string, whole: string | null | undefined) {
    if (flavor === 'onnx' && digest !== whole) return { path: await files.file(digest) };
    const folder = await files.folder(digest);
    if (flavor !== 'onnx') return { path: folder };
    // Its weights are in files beside it. Few data planes read YAML.
    const { openOnnxFolder } = await import('#ports/onnx-package');
    const { file, options } = await openOnnxFolder(folder);
    return { path: file, options };
  }

  async function load(key: ModelKey, name: string): Promise<ShelvedModel> {
    const model = await createOnDemandModel({
      key,
      memory,
      cache: cacheFor(key.serving ?? {}),
      isSpare: () => spares.has(name),
      nextUse: () => ++uses,
      open: (options) => open(key, name, options),
      progress: () => progress.get(name),
    });
    models.set(name, model);
    return model;
  }

  function cacheFor({ resultCacheBytes: own }: ServingSettings): ResultCache | undefined {
    if (own === undefined) return cache;
    return own > 0 ? createResultCache(own) : undefined;
  }

  /** At once after the first failure, then ever later: a model that cannot start must not keep the machine busy. */
  function tryLater(name: string, failed: Promise<ShelvedModel>, error: unknown): void {
    const count = (failures.get(name) ?? 0) + 1;
    failures.set(name, count);
    log.warn({ model: name }, `a model cannot be loaded now: ${messageOf(error)}`);
    const forget = (): void => {
      if (shelf.get(name) === failed) shelf.delete(name);
    };
    if (count === 1) forget();
    else setTimeout(forget, Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** count)).unref();
  }

  function found(key: ModelKey, name: string): Promise<ShelvedModel> {
    const known = shelf.get(name);
    if (known) return known;
    const taken = load(key, name);
    shelf.set(name, taken);
    // What could not be had now may be had later; what is no model stays none.
    taken.catch((error: unknown) => {
      if (spares.has(name)) shelf.delete(name);
      else if (!(error instanceof DomainError && error.code === 'INVALID_ARGUMENT')) tryLater(name, taken, error);
    });
    return taken;
  }

  async function drop(name: string, loading: Promise<ShelvedModel>): Promise<void> {
    shelf.delete(name);
    models.delete(name);
    failures.delete(name);
    progress.delete(name);
    const kept = await loading.catch(() => undefined);
    models.delete(name);
    await kept?.retire();
  }

  return {
    take(key) {
      const name = keyOf(key);
      spares.delete(name);
      return found(key, name);
    },
    keepWarm(key) {
      const name = keyOf(key);
      if (!shelf.has(name)) spares.add(name);
      found(key, name).catch(() => {});
    },
    progressOf: (name) => progress.get(name),
    async keepOnly(served, warm) {
      for (const name of warm) if (!served.has(name)) spares.add(name);
      for (const name of served) spares.delete(name);
      const unneeded = [...shelf].filter(([name]) => !served.has(name) && !warm.has(name));
      await Promise.all(unneeded.map(([name, loading]) => drop(name, loading)));
      // Revisions of the same files with other settings share them.
      const needed = new Set([...served, ...warm, ...shelf.keys()].map(digestIn));
      for (const digest of [...fetched].filter((known) => !needed.has(known))) {
        fetched.delete(digest);
        await files.remove(digest);
      }
    },
    memory: () => ({ budgetBytes: memory.budgetBytes, takenBytes: memory.takenBytes() }),
    async close() {
      clearInterval(sweeping);
      const all = [...shelf.values()];
      shelf.clear();
      models.clear();
      await Promise.all(all.map(async (loading) => (await loading.catch(() => undefined))?.retire()));
    },
  };
}
