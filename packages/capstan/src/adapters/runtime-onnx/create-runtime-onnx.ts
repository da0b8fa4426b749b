import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#kernel/errors';
import { fitInputs } from '#ports/fit-inputs';
import type { LoadedModel, ModelRuntime, Tensor } from '#ports/model-runtime';
import type { OpenedModel } from './host-messages.ts';
import { startThreadHost, type ThreadHost } from './thread-host.ts';
import { tryModel } from './trial.ts';

const DEFAULT_MAX_MODEL_BYTES = 1 << 30;
/** Files whose trial is remembered; past it the one that was loaded longest ago is tried again. */
const MAX_REMEMBERED = 100;
const DEFAULT_TRIAL_TIMEOUT_MS = 60_000;
const DEFAULT_TRIAL_MAX_MEMORY_BYTES = 4 * 2 ** 30;
/** How long `close` waits for answers that are under way; a model may hang. */
const CLOSE_WAIT_MS = 30_000;

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

/**
 * Runs ONNX models on the CPU, each in a thread of its own: the library computes in the thread that calls it, so in the
 * main one every prediction would hold up all requests. A loaded model costs about 30 MB beside its weights.
 *
 * What a trial cannot rule out: a model that hangs or crashes on some inputs only. A hung model keeps its thread until
 * the process ends, and only it; its predictions never settle, so callers need their own deadline.
 */
export function createRuntimeOnnx(options: RuntimeOnnxOptions = {}): ModelRuntime {
  const entry = options.hostEntry ?? new URL('./onnx-host.ts', import.meta.url);
  const maxModelBytes = options.maxModelBytes ?? DEFAULT_MAX_MODEL_BYTES;
  const limits = {
    entry,
    timeoutMs: options.trialTimeoutMs ?? DEFAULT_TRIAL_TIMEOUT_MS,
    maxMemoryBytes: options.trialMaxMemoryBytes ?? DEFAULT_TRIAL_MAX_MEMORY_BYTES,
  };
  // Digests of files that passed: the same bytes need no second trial, and `open` refuses others.
  const passed = new Map<string, string>();

  async function open(modelFile: string, sha256: string): Promise<LoadedModel> {
    const host = startThreadHost(entry);
    try {
      return loadedModel(host, await host.call('open', { file: modelFile, maxModelBytes, sha256 }));
    } catch (error) {
      host.end();
      throw error;
    }
  }

  return {
    flavor: 'onnx',
    async load(modelFile) {
      const known = passed.get(modelFile);
      if (known !== undefined) {
        passed.delete(modelFile);
        const loaded = await open(modelFile, known).catch(() => undefined);
        if (loaded) return remember(modelFile, known, loaded);
      }
      const tried = await tryModel({ file: modelFile, maxModelBytes }, limits);
      return remember(modelFile, tried.sha256, await open(modelFile, tried.sha256));
    },
  };

  function remember(modelFile: string, sha256: string, loaded: LoadedModel): LoadedModel {
    passed.set(modelFile, sha256);
    for (const oldest of passed.keys()) {
      if (passed.size <= MAX_REMEMBERED) break;
      passed.delete(oldest);
    }
    return loaded;
  }
}

function loadedModel(host: ThreadHost, { inputs: specs, outputs }: OpenedModel): LoadedModel {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    const waited = new AbortController();
    await Promise.race([
      Promise.allSettled(underWay),
      sleep(CLOSE_WAIT_MS, undefined, { signal: waited.signal }).catch(() => {}),
    ]);
    waited.abort();
    if (underWay.size === 0) await host.call('close', {}).catch(() => {});
    host.end();
  }

  return {
    inputs: specs,
    outputs,
    async predict(inputs) {
      if (closing) throw new DomainError('UNAVAILABLE', 'The model is closed', { hint: 'Load it again.' });
      const answer = host.call('predict', { inputs: fitInputs(specs, inputs).map(compact) });
      underWay.add(answer);
      try {
        return await answer;
      } finally {
        underWay.delete(answer);
      }
    },
    close: () => (closing ??= close()),
  };
}

/** A view into a larger buffer, such as the body of a request, would take the whole of that buffer to the thread. */
function compact(tensor: Tensor): Tensor {
  const { data } = tensor;
  if (!('buffer' in data) || data.byteLength === data.buffer.byteLength) return tensor;
  return { ...tensor, data: data instanceof Uint8Array ? new Uint8Array(data) : data.slice() };
}
