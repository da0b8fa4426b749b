import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, invalid } from '#kernel/errors';
import type { HostCalls, OpenedModel, Rehearsal } from './host-messages.ts';
import { startProcessHost } from './process-host.ts';

/** Rows of a full batch. */
export const FULL_BATCH_ROWS = 1_024;

export interface TrialLimits {
  readonly entry: URL;
  readonly timeoutMs: number;
  readonly maxMemoryBytes: number;
}

/**
 * Opens the model in a child process and lets it run once there, so that a file which crashes the library, hangs or
 * eats all memory harms nobody.
 * @throws DomainError INVALID_ARGUMENT with the reason when it does any of this or is no model that can be served
 */
export async function tryModel(
  request: HostCalls['open']['request'],
  limits: TrialLimits,
): Promise<OpenedModel & { readonly rehearsal: Rehearsal }> {
  const host = startProcessHost(limits.entry, limits.maxMemoryBytes);
  const overdue = new AbortController();
  void sleep(limits.timeoutMs, undefined, { signal: overdue.signal }).then(
    () => host.kill(`it took longer than ${limits.timeoutMs} ms`),
    () => {},
  );
  try {
    const opened = await host.call('open', { ...request, isMeasured: true });
    return { ...opened, rehearsal: await host.call('rehearse', { manyRows: FULL_BATCH_ROWS }) };
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'UNAVAILABLE')) throw error;
    throw invalid(`The model failed its trial in a process of its own: ${String(error.details?.['reason'])}`, {
      field: 'modelFile',
      hint: 'Run it once with ONNX Runtime in Python and one row of zeros; export it again if that fails too.',
      cause: error,
    });
  } finally {
    overdue.abort();
    host.kill('the trial is over');
  }
}
