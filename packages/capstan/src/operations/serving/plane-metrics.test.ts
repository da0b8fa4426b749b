import type { ServedDeployment, ServingRoute } from '@capstan/api';
import { expect, test } from 'vitest';
import { DomainError } from '#kernel/errors';
import { exposition } from '#kernel/exposition';
import type { ModelStatus } from '#ports/model-runtime';
import { nothingBatched } from './batching/batch-counts.ts';
import { createBatcher } from './batching/batcher.ts';
import { BATCHING_DEFAULTS } from './batching/model.ts';
import { planeMetrics } from './plane-metrics.ts';
import type { ServedState } from './served-state.ts';
import { createServingStatistics, NO_REVISION } from './statistics.ts';
import { inMemory } from './shelf/testing.ts';

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y;

function labelsIn(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    LABEL.lastIndex = at;
    const [whole = '', name = '', value = ''] = LABEL.exec(text) ?? [];
    if (whole === '') throw new Error(`no label: ${text.slice(at)}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
    at += whole.length;
  }
  return labels;
}

/** By the rules of the text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
function parse(text: string): { types: Map<string, string>; series: Series[] } {
  expect(text.endsWith('\n')).toBe(true);
  const types = new Map<string, string>();
  const series: Series[] = [];
  let helped = '';
  let family = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, of = '', rest] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      expect(types.has(of), `${of} stands twice`).toBe(false);
      helped = of;
    } else if (kind === 'TYPE') {
      expect(helped).toBe(of);
      expect(rest).toMatch(/^(counter|gauge|histogram)$/);
      types.set((family = of), rest ?? '');
    } else {
      const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const own = types.get(family) === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
      expect(own, line).toBe(family);
      expect(value, line).toMatch(/^(\d+(\.\d+)?(e[+-]?\d+)?)$/);
      series.push({ name, labels: labelsIn(labels), value: Number(value) });
    }
  }
  return { types, series };
}

const digest = `sha256:${'0'.repeat(64)}` as const;
const ODD = 'a"b\\c';

function stateOf(revision: number, counts = nothingBatched(), status?: () => ModelStatus): ServedState {
  const route: ServingRoute = {
    revision,
    role: 'champion',
    share: 1,
    model: 'm',
    modelVersion: 1,
    digest,
    flavor: 'onnx',
    package: null,
    threshold: 0.5,
    inputAdapters: {},
    shift: 0,
  };
  const deployment: ServedDeployment = {
    name: 'd',
    project: '',
    context: { id: null, eventTime: null },
    redact: [],
    sample: 1,
    rollout: null,
    salt: '',
    routes: [route],
    warm: [],
    breaker: { state: 'closed', mode: 'stop', fallbackProbability: null, lastKnownGood: null, reason: null },
  };
  const model = {
    digest,
    flavor: 'onnx' as const,
    inputs: [],
    outputs: [],
    predict: () => Promise.reject(new Error('not asked')),
    admit: () => {},
    counts: () => counts,
    waitingRows: () => 7,
    ...inMemory,
    ...(status && { status }),
  };
  const revisions = new Map([
    [revision, { route, model, place: null, signature: null, isOneRow: false, warmUp: null }],
  ]);
  const loading = [{ revision: revision + 1, key: digest }];
  return { deployment, revisions, failures: [], loading, warm: [], isIncomplete: true };
}

function told(states: ReadonlyMap<string, ServedState>, statistics = createServingStatistics()) {
  const status = {
    replica: 'rp_1',
    snapshotVersion: 12,
    isControlPlaneReachable: true,
    deployments: [...states.keys()].map((name) => {
      return { name, isReady: true, breaker: 'open' as const, routes: [], failures: [], models: [] };
    }),
    modelMemory: { budgetBytes: 9_000, takenBytes: 2_000 },
    rowsAnswered: 0,
    requestsFailed: 0,
    shadowRowsWaiting: 1,
    shadowRowsDropped: 2,
    segmentsWaiting: 3,
    segmentsRejected: 4,
    rowsInHand: 5,
  };
  return parse(exposition(planeMetrics(status, states, statistics), { process: '0' }));
}

function valueOf({ series }: { series: readonly Series[] }, name: string, labels: Record<string, string> = {}) {
  const found = series.filter(
    (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  );
  expect(found, `${name} ${JSON.stringify(labels)}`).toHaveLength(1);
  return found[0]?.value;
}

test('names, types and labels keep to the conventions, each series once, whatever a deployment is called', () => {
  const statistics = createServingStatistics();
  statistics.of(ODD, 1, 'champion').add(1, 1, 'ok');
  const { types, series } = told(
    new Map([
      [ODD, stateOf(1)],
      ['other', stateOf(1)],
    ]),
    statistics,
  );
  for (const [name, type] of types) {
    expect(name).toMatch(/^capstan_[a-z_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
  }
  const keys = series.map(({ name, labels }) =>
    JSON.stringify([
      name,
      Object.keys(labels)
        .toSorted((a, b) => a.localeCompare(b))
        .map((label) => [label, labels[label]]),
    ]),
  );
  expect(new Set(keys).size).toBe(keys.length);
  expect(series.every(({ labels }) => labels['process'] === '0')).toBe(true);
  expect(series.some(({ labels }) => labels['deployment'] === ODD)).toBe(true);
});

test('rows and requests are counted by who answered them, and how', () => {
  const statistics = createServingStatistics();
  const champion = statistics.of('d', 1, 'champion');
  champion.add(3, 0.5, 'ok');
  champion.add(2, 0.6, 'ok');
  champion.add(4, 20_000, 'error');
  statistics.of('d', 1, 'shadow').add(8, 1, 'invalid');
  statistics.of('d', NO_REVISION, 'fallback').add(1, 0, 'ok');
  const metrics = told(new Map([['d', stateOf(1)]]), statistics);
  const labels = { deployment: 'd', revision: '1', role: 'champion' };
  expect(valueOf(metrics, 'capstan_predictions_total', { ...labels, outcome: 'ok' })).toBe(5);
  expect(valueOf(metrics, 'capstan_predictions_total', { ...labels, outcome: 'error' })).toBe(4);
  expect(valueOf(metrics, 'capstan_prediction_requests_total', { ...labels, outcome: 'ok' })).toBe(2);
  expect(valueOf(metrics, 'capstan_predictions_total', { role: 'shadow', outcome: 'invalid' })).toBe(8);
  expect(valueOf(metrics, 'capstan_predictions_total', { revision: '0', role: 'fallback', outcome: 'ok' })).toBe(1);
  const duration = 'capstan_prediction_duration_seconds';
  const buckets = ['0.0005', '0.001', '10', '+Inf'];
  expect(buckets.map((le) => valueOf(metrics, `${duration}_bucket`, { ...labels, le }))).toEqual([1, 2, 2, 3]);
  expect(valueOf(metrics, `${duration}_count`, labels)).toBe(3);
  expect(valueOf(metrics, `${duration}_sum`, labels)).toBeCloseTo(20.0011, 9);
});

test('what is no longer served is told no more', () => {
  const statistics = createServingStatistics();
  for (const name of ['d', 'gone']) {
    statistics.requestsOf(name).addFailure(new DomainError('UNAVAILABLE', 'not yet'));
    for (const revision of [1, 2]) statistics.of(name, revision, 'champion').add(1, 1, 'ok');
  }
  const { series } = told(new Map([['d', stateOf(2)]]), statistics);
  const answered = series.filter(({ name }) => name === 'capstan_predictions_total');
  expect(new Set(answered.map(({ labels }) => `${labels['deployment']}/${labels['revision']}`))).toEqual(
    new Set(['d/2']),
  );
  expect(series.filter(({ labels }) => labels['deployment'] === 'gone')).toEqual([]);
  expect(statistics.requestsOf('gone').refused.UNAVAILABLE).toBe(0);
});

test('requests that were not let run are counted by reason, and no others', () => {
  const statistics = createServingStatistics();
  const requests = statistics.requestsOf('d');
  for (const code of ['RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED', 'INVALID_ARGUMENT'] as const) {
    requests.addFailure(new DomainError(code, 'no'));
  }
  requests.addFailure(new Error('no'));
  const metrics = told(new Map([['d', stateOf(1)]]), statistics);
  const reasons = ['resource_exhausted', 'unavailable', 'deadline_exceeded', 'storage_full'];
  expect(reasons.map((reason) => valueOf(metrics, 'capstan_requests_refused_total', { reason }))).toEqual([1, 0, 2, 0]);
});

test('batches are counted as they run: their rows, and how long each request had waited', async () => {
  const counts = nothingBatched();
  const first = Promise.withResolvers<void>();
  let runs = 0;
  const batcher = createBatcher<number, number>(
    {
      keyOf: () => '',
      rowsOf: (rows) => rows,
      bytesOf: () => 0,
      async run(items) {
        runs += 1;
        if (runs === 1) await first.promise;
        return items;
      },
    },
    BATCHING_DEFAULTS,
    true,
    counts,
  );
  const answers = [batcher.submit(1), batcher.submit(2), batcher.submit(3)];
  first.resolve();
  await Promise.all(answers);
  await batcher.close();
  const metrics = told(new Map([['d', stateOf(1, counts)]]));
  expect(['1', '4', '8'].map((le) => valueOf(metrics, 'capstan_batch_rows_bucket', { le }))).toEqual([1, 1, 2]);
  expect(valueOf(metrics, 'capstan_batch_rows_sum')).toBe(6);
  expect(valueOf(metrics, 'capstan_queue_wait_seconds_count')).toBe(3);
  expect(valueOf(metrics, 'capstan_queue_rows')).toBe(7);
});

test('readiness, the processes of Python models and the plane itself', () => {
  const worker = { pid: 1, answered: 0, lastLines: [] };
  const status = (): ModelStatus => ({
    state: 'ready',
    queued: 0,
    workers: [
      { ...worker, state: 'idle', memoryBytes: 100, restarts: 2 },
      { ...worker, state: 'waiting', pid: null, memoryBytes: 0, restarts: 3 },
    ],
    lastEnd: null,
    environment: { python: '3.12', mlflow: '3', key: null },
  });
  const metrics = told(new Map([['d', stateOf(1, nothingBatched(), status)]]));
  expect(valueOf(metrics, 'capstan_model_ready', { revision: '1' })).toBe(1);
  expect(valueOf(metrics, 'capstan_model_ready', { revision: '2' })).toBe(0);
  expect(valueOf(metrics, 'capstan_deployment_ready', { deployment: 'd' })).toBe(1);
  expect(valueOf(metrics, 'capstan_breaker_open', { deployment: 'd' })).toBe(1);
  const own = ['workers', 'workers_up', 'worker_restarts_total', 'workers_resident_memory_bytes'];
  expect(own.map((name) => valueOf(metrics, `capstan_python_${name}`))).toEqual([2, 1, 5, 100]);
  const plane = [
    'control_plane_reachable',
    'shadow_rows_waiting',
    'shadow_rows_dropped_total',
    'segments_waiting',
    'segments_rejected',
    'rows_in_hand',
    'snapshot_version',
  ];
  expect(plane.map((name) => valueOf(metrics, `capstan_${name}`))).toEqual([1, 1, 2, 3, 4, 5, 12]);
});
