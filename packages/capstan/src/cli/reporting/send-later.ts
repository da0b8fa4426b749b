import { ApiError, type Client } from '@capstan/client';
import { unsentRuns } from '#repository';
import { sendRun, type RunSending } from './send-run.ts';

const LOOK_EVERY_MS = 300;
/** After a server did not answer. */
const TRY_AGAIN_MS = 5_000;
const LONGEST_CALL_MS = 10_000;
/** How long the end of a command may wait for what is left. */
const LONGEST_END_MS = 15_000;

export interface Sender {
  /** The folder of the run that goes on. */
  open(runFolder: string): void;
  /** Sends what is left, for a while; no error of it counts. */
  finish(longestMs?: number): Promise<void>;
}

export interface SenderOptions {
  readonly client: Client;
  readonly url: string;
  /** `.dvc`: runs that were left over are looked for there. */
  home(): string;
  /** Told once, when something is not sent. */
  onFailure(error: ApiError): void;
}

/** Sends runs beside the work, that under way first, then what earlier ones left. */
export function createSender({ client, url, home, onFailure }: SenderOptions): Sender {
  let own: RunSending | undefined;
  let left: RunSending[] | undefined;
  let isOver = false;
  let hasFailed = false;
  let working: Promise<void> | undefined;
  let wake = (): void => {};
  const abort = new AbortController();

  const leftover = (): RunSending | undefined => {
    left ??= unsentRuns(home()).map((folder) => sendRun(client, url, folder));
    while (left[0]?.isDone) left.shift();
    return left[0];
  };

  /** False when there is nothing to do now. */
  async function step(): Promise<boolean> {
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(LONGEST_CALL_MS)]);
    if (own && (await own.step(signal))) return true;
    const other = leftover();
    return other ? await other.step(signal) : false;
  }

  async function work(): Promise<void> {
    while (!abort.signal.aborted) {
      let pauseMs = 0;
      try {
        const isBusy = await step();
        if (!isBusy && isOver) return;
        if (!isBusy) pauseMs = LOOK_EVERY_MS;
      } catch (error) {
        const told = toldAs(error, url);
        if (abort.signal.aborted) return;
        if (!hasFailed) onFailure(told);
        hasFailed = true;
        if (isOver) return;
        if (isRefusal(told)) own = left = undefined;
        if (isRefusal(told)) return;
        pauseMs = TRY_AGAIN_MS;
      }
      if (pauseMs > 0)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pauseMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (isOver) wake();
        });
    }
  }

  return {
    open(runFolder) {
      own = sendRun(client, url, runFolder);
      working ??= work();
    },
    async finish(longestMs = LONGEST_END_MS) {
      isOver = true;
      wake();
      const timer = setTimeout(() => abort.abort(), longestMs);
      await working;
      clearTimeout(timer);
    },
  };
}

/** It would be refused again. */
export function isRefusal({ problem: { status } }: ApiError): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** What went wrong, as the client says it: a call that took too long is none that it knows. */
export function toldAs(error: unknown, url: string): ApiError {
  if (error instanceof ApiError) return error;
  const detail =
    error instanceof DOMException && error.name === 'TimeoutError'
      ? `The server at ${url} did not answer in time`
      : error instanceof Error
        ? error.message
        : String(error);
  return new ApiError(
    { type: 'about:blank', title: 'Not sent', status: 0, code: 'UNAVAILABLE', detail, requestId: '' },
    error,
  );
}
