import { performance } from 'node:perf_hooks';
import { DomainError } from '#kernel/errors';
import type { PredictOptions } from '#ports/model-runtime';
import type { Frame } from './frames.ts';

/** One request of a worker: from the queue to its answer, or to the moment when nobody waits for one any more. */
export interface Job {
  readonly header: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
  readonly answer: Promise<Frame>;
  resolve(frame: Frame): void;
  reject(error: DomainError): void;
}

/**
 * @param onGivenUp called when the deadline has come or the caller is gone; `answer` has been rejected then
 * @param maxMs the deadline where the caller has none, or a later one
 */
export function makeJob(
  request: Pick<Job, 'header' | 'buffers'>,
  options: PredictOptions,
  maxMs: number,
  onGivenUp: (job: Job) => void,
): Job {
  const { promise, resolve, reject } = Promise.withResolvers<Frame>();
  const leftMs = Math.min(maxMs, (options.deadline ?? Number.POSITIVE_INFINITY) - performance.now());
  const giveUp = (code: 'DEADLINE_EXCEEDED' | 'UNAVAILABLE', message: string, hint: string) => {
    settle();
    reject(new DomainError(code, message, { hint }));
    onGivenUp(job);
  };
  const late = () =>
    giveUp('DEADLINE_EXCEEDED', 'The model did not answer in time', 'Ask again with fewer rows, or allow more time.');
  const timer = setTimeout(late, Math.max(0, leftMs));
  const gone = () => giveUp('UNAVAILABLE', 'The caller is gone', 'Nobody waits for this answer.');
  options.signal?.addEventListener('abort', gone, { once: true });

  function settle(): void {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', gone);
  }

  const job: Job = {
    ...request,
    answer: promise,
    resolve(frame) {
      settle();
      resolve(frame);
    },
    reject(error) {
      settle();
      reject(error);
    },
  };
  return job;
}
