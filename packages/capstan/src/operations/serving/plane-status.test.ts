import { servingRoutes, type ServingRoute } from '@capstan/api';
import { expect, test } from 'vitest';
import type { ModelStatus } from '#ports/model-runtime';
import { nothingBatched } from './batching/batch-counts.ts';
import { modelStates } from './plane-status.ts';
import type { ServedRevision } from './served-state.ts';
import { inMemory } from './shelf/testing.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;
const other = `sha256:${'1'.repeat(64)}` as const;

const status: ModelStatus = {
  state: 'failing',
  queued: 2,
  workers: [
    { pid: 4_711, state: 'busy', memoryBytes: 1_000, restarts: 3, answered: 9, lastLines: ['a warning'] },
    { pid: null, state: 'waiting', memoryBytes: 0, restarts: 1, answered: 0, lastLines: [] },
  ],
  lastEnd: { reason: 'killed by SIGKILL', lines: ['the last words'] },
  environment: { python: '3.12.3', mlflow: '3.17.2', key: null },
};

function served(revision: number, waitingRows: number, own?: ModelStatus): [number, ServedRevision] {
  const route: ServingRoute = {
    revision,
    role: 'champion',
    share: 1,
    model: 'm',
    modelVersion: 1,
    digest,
    flavor: 'python_function',
    package: digest,
    threshold: 0.5,
    inputAdapters: {},
    shift: 0,
  };
  const model = {
    digest,
    flavor: 'python_function' as const,
    inputs: [],
    outputs: [],
    predict: () => Promise.reject(new Error('not asked')),
    admit: () => {},
    counts: nothingBatched,
    waitingRows: () => waitingRows,
    ...inMemory,
    ...(own && { status: () => own }),
  };
  return [revision, { route, model, place: null, signature: null, isOneRow: false, warmUp: null }];
}

test('each model is told with what its loading is at, why it failed, or its processes, as the route declares', () => {
  const models = modelStates(
    {
      revisions: new Map([served(3, 5, status), served(1, 0)]),
      loading: [
        { revision: 4, key: other },
        { revision: 5, key: digest },
      ],
      failures: [{ revision: 2, reason: 'no model' }],
    },
    (asked) => (asked === other ? 'installing scikit-learn' : undefined),
  );
  const none = { waitingRows: 0, memoryBytes: 0, warmUp: null, processes: null };
  expect(models).toEqual([
    { revision: 1, state: 'ready', note: null, ...none, memoryBytes: 1_000 },
    { revision: 2, state: 'failed', note: 'no model', ...none },
    {
      revision: 3,
      state: 'ready',
      note: null,
      waitingRows: 5,
      memoryBytes: 1_000,
      warmUp: null,
      processes: status,
    },
    { revision: 4, state: 'loading', note: 'installing scikit-learn', ...none },
    { revision: 5, state: 'loading', note: null, ...none },
  ]);
  const declared = servingRoutes.plane.status.reply.shape.deployments.element.shape.models;
  expect(declared.parse(models)).toEqual(models);
});

test('a revision that answers by its last good state is ready, though it is being loaded anew', () => {
  const state = { revisions: new Map([served(1, 0)]), loading: [{ revision: 1, key: digest }], failures: [] };
  expect(modelStates(state, () => 'fetching its files').map((one) => one.state)).toEqual(['ready']);
});
