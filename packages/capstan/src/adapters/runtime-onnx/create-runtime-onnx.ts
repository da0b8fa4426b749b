import { invalid } from '#kernel/errors';
import type { LoadedModel, LoadOptions, ModelRuntime } from '#ports/model-runtime';
import { weightsFilesOf } from './external-weights.ts';
import { inlineRows } from './inline.ts';
import { quickModel, threadModel } from './loaded-models.ts';
import { disableTelemetry } from './no-telemetry.ts';
import { startThreadHost } from './thread-host.ts';
import { FULL_BATCH_ROWS, tryModel } from './trial.ts';

const DEFAULT_MAX_MODEL_BYTES = 1 << 30;
/** Files whose trial is remembered; past it the one that was loaded longest ago is tried again. */
const MAX_REMEMBERED = 100;
const DEFAULT_TRIAL_TIMEOUT_MS = 60_000;
const DEFAULT_TRIAL_MAX_MEMORY_BYTES = 4 * 2 ** 30;

interface RuntimeOnnxOptions {
  /** Larger files are refused; at most 2 GiB, which is the limit of the format. Default 1 GiB. */
  readonly maxModelBytes?: number;
  /** Real time for the trial: start of the child, load, one row. Default a minute. */
  readonly trialTimeoutMs?: number;
  /** Resident memory that the trial may take, seen on Linux only. Default 4 GiB. */
  readonly trialMaxMemoryBytes?: number;
  /** File that hosts a model in a thread or a child. Default: `onnx-host` of this folder, which the build carries along. */
  readonly hostEntry?: URL;
}

/** What a thread takes beside its model. */
const THREAD_BYTES = 30 * 2 ** 20;

/** What the trial of a file has shown. */
interface Passed {
  readonly sha256: string;
  /** See `inlineRows`. */
  readonly mostInlineRows: number;
  readonly intraOpThreads: number;
  readonly memoryBytes: number;
  readonly weights: Readonly<Record<string, string>> | undefined;
}

/**
 * Runs ONNX models on the CPU. The library computes in the thread that calls it: what takes long there would hold up all
 * requests, so it gets a thread of its own (about 30 MB beside the weights). What the trial has shown to be quick runs
 * where it is asked for. Either is warm when it is handed out: it has run zeros, one row and a full batch.
 *
 * What a trial cannot rule out: a model that hangs or crashes on some inputs only. One that could hang has a thread of
 * its own, which it keeps until the process ends; its predictions never settle, so callers need their own deadline.
 */
export function createRuntimeOnnx(options: RuntimeOnnxOptions = {}): ModelRuntime {
  disableTelemetry();
  const entry = options.hostEntry ?? new URL('./onnx-host.ts', import.meta.url);
  const maxModelBytes = options.maxModelBytes ?? DEFAULT_MAX_MODEL_BYTES;
  const limits = {
    entry,
    timeoutMs: options.trialTimeoutMs ?? DEFAULT_TRIAL_TIMEOUT_MS,
    maxMemoryBytes: options.trialMaxMemoryBytes ?? DEFAULT_TRIAL_MAX_MEMORY_BYTES,
  };
  // Files that passed, by path and threads: the same bytes need no second trial, and `open` refuses others.
  const passed = new Map<string, Passed>();

  async function openThread(file: string, facts: Passed): Promise<LoadedModel> {
    const host = startThreadHost(entry);
    try {
      const opened = await host.call('open', openRequest(file, facts));
      await host.call('rehearse', { manyRows: FULL_BATCH_ROWS });
      return threadModel(host, opened, facts.memoryBytes + THREAD_BYTES);
    } catch (error) {
      host.end();
      throw error;
    }
  }

  function openRequest(file: string, { sha256, intraOpThreads, weights }: Passed) {
    return { file, maxModelBytes, intraOpThreads, sha256, ...(weights && { weights }) };
  }

  let opening: Promise<unknown> = Promise.resolve();

  /** One after the other: the bytes of the file and copies of them are in memory meanwhile, and computing is all it does. */
  function open(file: string, facts: Passed): Promise<LoadedModel> {
    const opened = opening.then(() => openNow(file, facts));
    opening = opened.catch(() => {});
    return opened;
  }

  async function openNow(file: string, facts: Passed): Promise<LoadedModel> {
    const { mostInlineRows, memoryBytes } = facts;
    if (mostInlineRows === 0) return await openThread(file, facts);
    // Here, not at the top: a data plane without such a model need not load the library.
    const { createInlineHost } = await import('./inline-host.ts');
    const host = createInlineHost();
    const opened = await host.call('open', openRequest(file, facts));
    await host.call('rehearse', { manyRows: Math.min(mostInlineRows, FULL_BATCH_ROWS) });
    return quickModel(host, opened, { mostInlineRows, memoryBytes }, () => openThread(file, facts));
  }

  return {
    flavor: 'onnx',
    async load(modelFile, { intraOpThreads = 1, reserve, weightsFile } = {}) {
      const weights = weightsFile && (await weightsOf(modelFile, maxModelBytes, weightsFile));
      const key = `${intraOpThreads} ${modelFile}`;
      const known = passed.get(key);
      if (known !== undefined) {
        passed.delete(key);
        await reserve?.(bytesOf(known));
        const loaded = await open(modelFile, { ...known, weights }).catch(() => undefined);
        if (loaded) return remember(key, known, loaded);
      }
      const tried = await tryModel(
        { file: modelFile, maxModelBytes, intraOpThreads, ...(weights && { weights }) },
        limits,
      );
      const mostInlineRows = inlineRows(tried, tried.rehearsal);
      const { memoryBytes } = tried.rehearsal;
      const facts = { sha256: tried.sha256, mostInlineRows, intraOpThreads, memoryBytes, weights };
      await reserve?.(bytesOf(facts));
      return remember(key, facts, await open(modelFile, facts));
    },
  };

  function bytesOf({ memoryBytes, mostInlineRows }: Passed): number {
    return memoryBytes + (mostInlineRows === 0 ? THREAD_BYTES : 0);
  }

  function remember(key: string, facts: Passed, loaded: LoadedModel): LoadedModel {
    passed.set(key, facts);
    for (const oldest of passed.keys()) {
      if (passed.size <= MAX_REMEMBERED) break;
      passed.delete(oldest);
    }
    return loaded;
  }
}

/** The files that the model names for its weights. @throws DomainError INVALID_ARGUMENT naming one that is none of its own */
async function weightsOf(
  modelFile: string,
  maxModelBytes: number,
  weightsFile: NonNullable<LoadOptions['weightsFile']>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const locations = [...(await weightsFilesOf(modelFile, maxModelBytes))];
  if (locations.length === 0) return undefined;
  const files = await Promise.all(
    locations.map(async (location) => {
      const file = await weightsFile(location);
      if (file !== undefined) return [location, file] as const;
      throw invalid(`The weights of the model are to be in '${location.slice(0, 200)}', which is none of its files`, {
        field: 'modelFile',
        hint: 'Only files of the model itself are read: log it again with mlflow.onnx.log_model.',
      });
    }),
  );
  return Object.fromEntries(files);
}
