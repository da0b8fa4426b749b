import type { StopSignal } from './active-run.ts';

/** Runs that this process works on, so that a cancel reaches them at once; other processes' runs look into the table. */
export interface ActiveRuns {
  /** The signal that the run's work listens to. It is aborted by a cancel, or with the job's own signal. */
  enter(runId: string, job: AbortSignal): StopSignal & { cancel(): void; leave(): void };
  cancel(runId: string): void;
}

export function createActiveRuns(): ActiveRuns {
  const cancels = new Map<string, () => void>();
  return {
    enter(runId, job) {
      const abort = new AbortController();
      let isCancelled = false;
      const cancel = () => {
        isCancelled = true;
        abort.abort(new Error('cancelled'));
      };
      const follow = () => abort.abort(job.reason);
      job.addEventListener('abort', follow, { once: true });
      if (job.aborted) follow();
      cancels.set(runId, cancel);
      return {
        signal: abort.signal,
        isCancelled: () => isCancelled,
        cancel,
        leave() {
          job.removeEventListener('abort', follow);
          cancels.delete(runId);
        },
      };
    },
    cancel: (runId) => cancels.get(runId)?.(),
  };
}
