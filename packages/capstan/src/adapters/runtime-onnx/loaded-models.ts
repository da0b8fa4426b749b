import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#kernel/errors';
import { fitInputs } from '#ports/fit-inputs';
import type { LoadedModel, PredictOptions, Tensor } from '#ports/model-runtime';
import { timesOneRow } from '#ports/one-row';
import type { HostClient } from './host-client.ts';
import type { OpenedModel } from './host-messages.ts';
import type { ThreadHost } from './thread-host.ts';

/** How long `close` waits for answers that are under way; a model may hang. */
const CLOSE_WAIT_MS = 30_000;
/** Executions that wait at the thread: it goes on while the event loop of who asks is busy with others. */
const QUEUED = 7;

/** A model in a thread of its own. */
export function threadModel(host: ThreadHost, opened: OpenedModel, memoryBytes: number): LoadedModel {
  return loadedModel(opened, {
    memoryBytes: () => memoryBytes,
    run: (inputs, onComputed) => host.call('predict', { inputs: inputs.map(compact) }, onComputed),
    async release(isIdle) {
      if (isIdle) await host.call('close', {}).catch(() => {});
      host.end();
    },
  });
}

/**
 * A model that runs where it is asked for, up to so many rows; the first request of more opens another in a thread,
 * which then answers those.
 */
export function quickModel(
  host: HostClient,
  opened: OpenedModel,
  { mostInlineRows, memoryBytes }: { readonly mostInlineRows: number; readonly memoryBytes: number },
  openThread: () => Promise<LoadedModel>,
): LoadedModel {
  let thread: Promise<LoadedModel> | undefined;
  let threadBytes = 0;
  const rowsOf = timesOneRow(opened.inputs);
  return loadedModel(opened, {
    memoryBytes: () => memoryBytes + threadBytes,
    mostInlineRows,
    async run(inputs, onComputed) {
      const own = inputs.map(copied);
      if (rowsOf(inputs) <= mostInlineRows) return await host.call('predict', { inputs: own }, onComputed);
      thread ??= openThread().then((opening) => {
        threadBytes = opening.memoryBytes?.() ?? 0;
        return opening;
      });
      return await (await thread).predict(own, onComputed && { onComputed });
    },
    async release() {
      await host.call('close', {}).catch(() => {});
      await (await thread?.catch(() => undefined))?.close();
    },
  });
}

interface Executor extends Pick<LoadedModel, 'mostInlineRows'> {
  memoryBytes(): number;
  /** Inputs that fit, in the order of the model's. */
  run(inputs: readonly Tensor[], onComputed?: PredictOptions['onComputed']): Promise<readonly Tensor[]>;
  /** `isIdle`: nothing is under way any more. */
  release(isIdle: boolean): Promise<void>;
}

function loadedModel(
  { inputs: specs, outputs, classLabels }: OpenedModel,
  { run, release, memoryBytes, mostInlineRows }: Executor,
): LoadedModel {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    const waited = new AbortController();
    await Promise.race([
      Promise.allSettled(underWay),
      sleep(CLOSE_WAIT_MS, undefined, { signal: waited.signal }).catch(() => {}),
    ]);
    waited.abort();
    await release(underWay.size === 0);
  }

  return {
    inputs: specs,
    outputs,
    memoryBytes,
    ...(mostInlineRows !== undefined && { mostInlineRows }),
    ...(classLabels && { classLabels }),
    queued: QUEUED,
    async predict(inputs, { onComputed } = {}) {
      if (closing) throw new DomainError('UNAVAILABLE', 'The model is closed', { hint: 'Load it again.' });
      const answer = run(fitInputs(specs, inputs), onComputed);
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
  return !('buffer' in data) || data.byteLength === data.buffer.byteLength ? tensor : copied(tensor);
}

/** The library reads its inputs later, when the caller may have others in them. */
function copied(tensor: Tensor): Tensor {
  const { data } = tensor;
  if (!('buffer' in data)) return tensor;
  return { ...tensor, data: data instanceof Uint8Array ? new Uint8Array(data) : data.slice() };
}
