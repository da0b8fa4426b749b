import type { ServedFlavor, ServingSettings } from '@capstan/api';
import type {
  LoadedModel,
  LoadOptions,
  ModelStatus,
  ScoringAnswer,
  ScoringRequest,
  Tensor,
  TensorSpec,
} from '#ports/model-runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, messageOf } from '#kernel/errors';
import type { BatchedModel } from '../batching/batched-model.ts';
import { nothingBatched } from '../batching/batch-counts.ts';
import type { Wait } from '../batching/batcher.ts';
import { Refused } from '../batching/refused.ts';
import { BATCHING_DEFAULTS } from '../batching/model.ts';
import type { ResultCache } from '../batching/result-cache.ts';
import { batchingOf, limitedWaits, type ModelKey } from '../model-settings.ts';
import type { Lodger, ModelMemory } from './model-memory.ts';
import { runModel, type RunningModel } from './running-model.ts';

/** A model of the shelf: in memory, or loaded by the next request. */
export interface ShelvedModel extends Pick<BatchedModel, 'predict' | 'admit' | 'counts' | 'waitingRows'> {
  readonly digest: string;
  readonly flavor: ServedFlavor;
  /** What it runs with; undefined: as the data plane's own settings have it. */
  readonly serving?: ServingSettings | undefined;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly classLabels?: LoadedModel['classLabels'];
  /** See `LoadedModel`. */
  readonly mostInlineRows?: LoadedModel['mostInlineRows'];
  /** Of models that read MLflow's scoring protocol by themselves. */
  readonly score?: (request: ScoringRequest, wait?: Wait) => Promise<ScoringAnswer>;
  /** Of models in processes of their own, while they are loaded. */
  status(): ModelStatus | undefined;
  isLoaded(): boolean;
  /** What it takes now; 0 while it is not loaded. */
  memoryBytes(): number;
  /** How often it was loaded. */
  loads(): number;
  /** One execution by itself, beside all batches, that nothing counts. @throws DomainError as `predict` of the runtime's model */
  rehearse(inputs: readonly Tensor[], deadline: number): Promise<void>;
  /** Resolves when it is in memory. @throws DomainError as the runtime does */
  load(): Promise<void>;
  /** Gives its memory back, once what it has is answered; the next request loads it again. */
  unload(): Promise<void>;
  /** Unloads it where it has been idle for as long as its revision says; `nowMs` of `performance.now()`. */
  sweep(nowMs: number): void;
  /** Closes it for good. */
  retire(): Promise<void>;
}

export interface OnDemandDeps {
  readonly key: ModelKey;
  readonly memory: ModelMemory;
  readonly cache: ResultCache | undefined;
  /** Whether it is only kept for the case that it is gone back to. */
  isSpare(): boolean;
  /** Counts uses of all models of the shelf. */
  nextUse(): number;
  open(options: Pick<LoadOptions, 'reserve' | 'expectedBytes'>): Promise<LoadedModel>;
  /** What loading is at. */
  progress(): string | undefined;
}

interface Loaded extends Lodger {
  readonly running: RunningModel;
}

const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 60_000;

/**
 * Loads the model. It is unloaded when others need its room, when it has been idle for as long as its revision says, or when
 * somebody asks for it; requests that come then wait for it to be loaded once for all of them.
 */
export async function createOnDemandModel(deps: OnDemandDeps): Promise<ShelvedModel> {
  const { key, memory } = deps;
  const counts = nothingBatched();
  const settings = key.serving ?? {};
  const options = { ...BATCHING_DEFAULTS, ...batchingOf(settings) };
  const limited = limitedWaits(settings);
  let current: Loaded | undefined;
  let loading: Promise<Loaded> | undefined;
  let rest: { readonly until: number; readonly failures: number; readonly error: unknown } | undefined;
  let lastBytes: number | undefined;
  let outputs: readonly TensorSpec[] = [];
  let usedAt = 0;
  let loads = 0;
  let waitingRows = 0;
  let isRetired = false;
  let idle = { use: 0, sinceMs: 0 };

  async function open(): Promise<Loaded> {
    let bytes = 0;
    let loaded: Loaded | undefined;
    let left: Promise<void> | undefined;
    // Those who wait for it ask in the turn in which it is loaded: before that it must not be made to leave.
    let isSettled = false;
    const lodger: Lodger = {
      get bytes() {
        return (loaded && loaded.running.model.memoryBytes?.()) || bytes;
      },
      get state() {
        return left ? 'leaving' : isSettled ? 'loaded' : 'loading';
      },
      get usedAt() {
        return usedAt;
      },
      get isBusy() {
        return waitingRows > 0 || (loaded?.running.isBusy() ?? false);
      },
      get isSpare() {
        return deps.isSpare();
      },
      leave: () => (left ??= leave()),
    };
    async function leave(): Promise<void> {
      if (!loaded) return;
      if (current === loaded) current = undefined;
      lastBytes = lodger.bytes;
      outputs = loaded.running.model.outputs;
      await loaded.running.retire();
      memory.left(lodger);
    }
    let entered: Promise<void> | undefined;
    const reserve = (wanted: number): Promise<void> => {
      bytes = wanted;
      return (entered ??= memory.enter(lodger, wanted));
    };
    try {
      const model = await deps.open({ reserve, ...(lastBytes !== undefined && { expectedBytes: lastBytes }) });
      const running = runModel(key, model, counts, deps.cache);
      loaded = Object.defineProperty(lodger, 'running', { value: running }) as Loaded;
    } catch (error) {
      memory.left(lodger);
      throw error;
    }
    loads++;
    usedAt = deps.nextUse();
    setImmediate(() => {
      isSettled = true;
      memory.look();
    });
    return loaded;
  }

  /** One load for all who wait. After one that failed it rests a while, so that requests do not keep the machine busy. */
  function load(): Promise<Loaded> {
    if (current) return Promise.resolve(current);
    if (rest && performance.now() < rest.until) return Promise.reject(rest.error as Error);
    return (loading ??= (async () => {
      try {
        current = await open();
        rest = undefined;
        return current;
      } catch (error) {
        const failures = (rest?.failures ?? 0) + 1;
        const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** failures);
        rest = { until: performance.now() + restMs, failures, error };
        throw error;
      } finally {
        loading = undefined;
      }
    })());
  }

  /** Asks the model once it is there. What it asks must be asked in the same turn: later it may be leaving already. */
  async function later<Answer>(
    rows: number,
    given: Wait = {},
    ask: (running: RunningModel, wait: Wait) => Promise<Answer>,
  ): Promise<Answer> {
    if (isRetired)
      throw new Refused('UNAVAILABLE', 'The model is being taken away', { hint: 'Try again in a moment.' });
    if (waitingRows > 0 && waitingRows + rows > options.maxQueueRows) {
      throw new Refused('RESOURCE_EXHAUSTED', `${waitingRows} rows wait for this model to be loaded already`, {
        hint: 'Try again in a moment.',
      });
    }
    const wait = limited ? limited(given) : given;
    const deadline = wait.deadline ?? performance.now() + options.defaultDeadlineMs;
    waitingRows += rows;
    try {
      for (;;) {
        const loaded = await inTime(load(), deadline, wait.signal);
        if (loaded === current) return ask(loaded.running, { ...wait, deadline });
      }
    } catch (error) {
      if (error instanceof Refused || wait.signal?.aborted === true) throw error;
      throw new Refused('UNAVAILABLE', `The model cannot be loaded now: ${messageOf(error)}`, {
        hint: 'Try again in a moment.',
      });
    } finally {
      waitingRows -= rows;
    }
  }

  async function inTime(loaded: Promise<Loaded>, deadline: number, signal: AbortSignal | undefined): Promise<Loaded> {
    const over = new AbortController();
    const late = sleep(Math.max(deadline - performance.now(), 0), undefined, {
      signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal,
    }).then(
      () => undefined,
      () => undefined,
    );
    const found = await Promise.race([loaded, late]);
    over.abort();
    signal?.throwIfAborted();
    if (found) return found;
    const note = deps.progress();
    throw new Refused('UNAVAILABLE', `The model is not loaded yet${note === undefined ? '' : `: ${note}`}`, {
      hint: 'Try again in a moment, or allow more time.',
    });
  }

  const first = (await load()).running;
  ({ outputs } = first.model);
  const { inputs, classLabels, mostInlineRows } = first.model;

  return {
    ...key,
    inputs,
    get outputs() {
      return current?.running.model.outputs ?? outputs;
    },
    ...(classLabels && { classLabels }),
    ...(mostInlineRows !== undefined && { mostInlineRows }),
    predict(tensors, wait) {
      usedAt = deps.nextUse();
      if (current) return current.running.predict(tensors, wait);
      return later(tensors[0]?.shape[0] ?? 1, wait, (running, left) => running.predict(tensors, left));
    },
    ...(first.score && {
      score(request: ScoringRequest, wait?: Wait) {
        usedAt = deps.nextUse();
        const ask = (running: RunningModel, left: Wait | undefined) =>
          running.score?.(request, left) ?? Promise.reject(noScore());
        return current ? ask(current.running, wait) : later(1, wait, ask);
      },
    }),
    admit: (bytes, deadline) => current?.running.admit(bytes, deadline),
    counts: () => counts,
    waitingRows: () => waitingRows + (current?.running.waitingRows() ?? 0),
    status: () => current?.running.status?.(),
    isLoaded: () => current !== undefined,
    memoryBytes: () => current?.bytes ?? 0,
    loads: () => loads,
    async rehearse(tensors, deadline) {
      const { running } = await load();
      await running.rehearse(tensors, deadline);
    },
    load: async () => void (await load()),
    sweep(nowMs) {
      const { idleAfterMs } = settings;
      if (idleAfterMs === undefined || !current) return;
      if (idle.use !== usedAt || current.isBusy) idle = { use: usedAt, sinceMs: nowMs };
      else if (nowMs - idle.sinceMs >= idleAfterMs) void current.leave();
    },
    async unload() {
      await loading?.catch(() => {});
      await current?.leave();
    },
    async retire() {
      isRetired = true;
      await loading?.catch(() => {});
      await current?.leave();
    },
  };
}

function noScore(): DomainError {
  return new DomainError('UNAVAILABLE', 'The model reads no requests by itself');
}
