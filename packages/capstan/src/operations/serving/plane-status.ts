import type { ServedModelStatus } from '@capstan/api';
import type { ModelStatus } from '#ports/model-runtime';
import { keyOf } from './model-settings.ts';
import type { ServedState } from './served-state.ts';

/** What a data plane says of itself to people. */
export interface PlaneStatus {
  readonly replica: string;
  readonly snapshotVersion: number;
  readonly isControlPlaneReachable: boolean;
  readonly deployments: readonly {
    readonly name: string;
    readonly isReady: boolean;
    readonly breaker: 'closed' | 'open';
    readonly routes: readonly { readonly revision: number; readonly role: string; readonly share: number }[];
    readonly failures: readonly { readonly revision: number; readonly reason: string }[];
    /** Of every revision that is served, being loaded or cannot be. */
    readonly models: readonly ServedModelStatus[];
  }[];
  /** What models take together, and may; null: as much as they want. */
  readonly modelMemory: { readonly budgetBytes: number | null; readonly takenBytes: number };
  readonly rowsAnswered: number;
  readonly requestsFailed: number;
  readonly shadowRowsWaiting: number;
  readonly shadowRowsDropped: number;
  readonly segmentsWaiting: number;
  readonly segmentsRejected: number;
}

/** The models of a deployment by revision. `progressOf` says what the loading of a model is at, by its key. */
export function modelStates(
  { revisions, loading, failures }: Pick<ServedState, 'revisions' | 'loading' | 'failures'>,
  progressOf: (key: string) => string | undefined,
): ServedModelStatus[] {
  const models = new Map<number, ServedModelStatus>();
  const absent = (revision: number, state: 'loading' | 'failed', note: string | null): void =>
    void models.set(revision, { revision, state, note, waitingRows: 0, memoryBytes: 0, warmUp: null, processes: null });
  for (const { revision, key } of loading) absent(revision, 'loading', progressOf(key) ?? null);
  for (const { revision, reason } of failures) absent(revision, 'failed', reason);
  for (const [revision, { model, warmUp }] of revisions) {
    const status = model.status();
    const isLoaded = model.isLoaded();
    models.set(revision, {
      revision,
      state: isLoaded ? 'ready' : 'unloaded',
      note: isLoaded ? null : (progressOf(keyOf(model)) ?? 'the next request loads it'),
      waitingRows: model.waitingRows(),
      memoryBytes: model.memoryBytes(),
      warmUp,
      processes: status ? processesOf(status) : null,
    });
  }
  return [...models.values()].toSorted((a, b) => a.revision - b.revision);
}

function processesOf({ state, queued, workers, lastEnd, environment }: ModelStatus): ServedModelStatus['processes'] {
  return {
    state,
    queued,
    workers: workers.map((worker) => ({ ...worker, lastLines: [...worker.lastLines] })),
    lastEnd: lastEnd && { reason: lastEnd.reason, lines: [...lastEnd.lines] },
    environment: { ...environment },
  };
}
