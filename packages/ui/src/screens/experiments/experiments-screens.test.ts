// The pure parts of the tracking screens: completion, smoothing, what is drawn, differences, commands, links.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeOfMlflowLink } from '../../app/mlflow-links.ts';
import type { RunReply, RunSummary, SeriesReply } from '../../app/replies.ts';
import {
  chartOf,
  emptyReason,
  hues,
  smoothed,
  stepsOf,
  singleValues,
  withTail,
  type ChartSettings,
  type Drawn,
} from './charts/series.ts';
import { fieldOf, firstColumns, isLessBetter, splitKey } from './columns.ts';
import { placeOf, scaleOf } from '../../design/dimension.ts';
import { compareRows, deltaOf, dimensionsOf } from './compare/facts.ts';
import { completionAt } from './completion.ts';
import { readSeparated } from './preview/separated.ts';
import { reproductionOf } from './reproduce.ts';
import { columnOf } from './view.ts';

const run = (facts: Partial<RunReply>): RunReply => ({
  id: 'a'.repeat(32),
  experimentId: '1',
  name: 'run',
  user: 'ada',
  status: 'FINISHED',
  startTime: 1_000,
  endTime: 3_000,
  lifecycle: 'active',
  liveness: 'ended',
  updatedAt: 3_000,
  metrics: {},
  params: {},
  tags: {},
  datasets: [],
  modelInputs: [],
  modelOutputs: [],
  ...facts,
});

const metric = (value: number) => ({ value, step: 0, timestamp: 0, min: value, max: value });

describe('completion', () => {
  const fields = ['metrics.loss', 'params.`model type`', 'attributes.status'];
  const at = (text: string) => {
    const { kind, typed, start, valuesOf } = completionAt(text, text.length, { fields });
    return { kind, typed, start, ...(valuesOf && { valuesOf }) };
  };
  test.each([
    ['', { kind: 'key', typed: '', start: 0 }],
    ['metr', { kind: 'key', typed: 'metr', start: 0 }],
    ['metrics.loss ', { kind: 'operator', typed: '', start: 13 }],
    ['metrics.loss <', { kind: 'operator', typed: '<', start: 13 }],
    ['metrics.loss < 0.5 ', { kind: 'joint', typed: '', start: 19 }],
    ['metrics.loss < 0.5 and par', { kind: 'key', typed: 'par', start: 23 }],
    ["params.`model type` = '", { kind: 'value', typed: "'", start: 22, valuesOf: { of: 'param', key: 'model type' } }],
    ['tags.team IN (', { kind: 'value', typed: '', start: 14, valuesOf: { of: 'tag', key: 'team' } }],
    ['attributes.status = ', { kind: 'value', typed: '', start: 20 }],
    ['(metrics.loss < 1 or tags.x', { kind: 'key', typed: 'tags.x', start: 21 }],
    ['metrics.loss BETWEEN ', { kind: 'value', typed: '', start: 21 }],
    ['metrics.loss BETWEEN 0.1 ', { kind: 'joint', typed: '', start: 25 }],
    ['metrics.loss BETWEEN 0.1 AND ', { kind: 'value', typed: '', start: 29 }],
    ['metrics.loss BETWEEN 0.1 AND 0.9 ', { kind: 'joint', typed: '', start: 33 }],
    ['metrics.loss BETWEEN 0.1 AND 0.9 AND ', { kind: 'key', typed: '', start: 37 }],
    ['NOT tags.team ', { kind: 'operator', typed: '', start: 14 }],
    ["tags.x = '1' OR NOT (", { kind: 'key', typed: '', start: 21 }],
    ['tags.x NOT IN (', { kind: 'value', typed: '', start: 15, valuesOf: { of: 'tag', key: 'x' } }],
    ['tags.x IS NULL ', { kind: 'joint', typed: '', start: 15 }],
  ])('behind %j', (text, expected) => {
    expect(at(text)).toEqual(expected);
  });
});

test('columns: names, fields, and which way is better', () => {
  expect(splitKey('train/loss')).toEqual(['train/', 'loss']);
  expect(splitKey('a.b.size')).toEqual(['a.b.', 'size']);
  expect(splitKey('loss')).toEqual(['', 'loss']);
  expect(fieldOf('metrics.val/loss')).toBe('metrics.`val/loss`');
  expect(fieldOf('params.depth')).toBe('params.depth');
  for (const column of ['metrics.a`b c', 'metrics.val/loss', 'params.depth', 'tags.mlflow.user'])
    expect(columnOf(`${fieldOf(column)} DESC`)).toBe(column);
  expect([isLessBetter('val/log_loss'), isLessBetter('rmse'), isLessBetter('accuracy')]).toEqual([true, true, false]);
  const runs = [
    run({ metrics: { rare: metric(1), acc: metric(1), 'system/cpu': metric(1) }, params: { depth: '1' } }),
    run({ metrics: { acc: metric(1) } }),
  ];
  expect(firstColumns(runs, 1)).toEqual(['metrics.acc', 'params.depth']);
});

describe('series', () => {
  const settings: ChartSettings = { x: 'step', smooth: 0, isLogX: false, isLogY: false };
  const drawn: Drawn = { id: 'r', name: 'r', startTime: 1_000, isRunning: false, hue: 0 };
  const bucket = (step: number, value: number | 'NaN', extra: object = {}): SeriesReply['buckets'][number] => ({
    firstStep: step,
    lastStep: step,
    count: 1,
    nans: value === 'NaN' ? 1 : 0,
    min: value === 'NaN' ? null : value,
    max: value === 'NaN' ? null : value,
    mean: value === 'NaN' ? null : value,
    last: { step, timestamp: 1_000 + step * 500, value },
    ...extra,
  });
  const series = (id: string, ...buckets: SeriesReply['buckets']): SeriesReply => ({
    run: id,
    count: buckets.reduce((sum, one) => sum + one.count, 0),
    buckets,
  });

  test('a smoothed line starts at its first value, keeps a constant, and does not depend on how points are bucketed', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (value, weight) => {
          for (const count of [1, 7]) {
            for (const one of smoothed(
              Array.from({ length: 5 }, () => ({ value, count })),
              weight,
            ))
              expect(one).toBeCloseTo(value, 9);
          }
        },
      ),
    );
    const single = smoothed(
      [1, 1, 3, 3].map((value) => ({ value, count: 1 })),
      0.6,
    );
    const bucketed = smoothed(
      [1, 3].map((value) => ({ value, count: 2 })),
      0.6,
    );
    expect(bucketed[1]).toBeCloseTo(single[3] ?? 0, 12);
    expect(
      smoothed(
        [
          { value: null, count: 1 },
          { value: 2, count: 1 },
        ],
        0.9,
      ),
    ).toEqual([null, 2]);
  });

  test('runs of other steps share an x: a missing point is no gap, NaN is one and is marked', () => {
    const chart = chartOf(
      [series('r', bucket(0, 1), bucket(2, 'NaN')), series('s', bucket(1, 5))],
      [drawn, { ...drawn, id: 's', name: 's' }],
      settings,
    );
    expect(chart.x).toEqual([0, 1, 2]);
    expect(chart.series.map((one) => one.values)).toEqual([
      [1, undefined, null],
      [undefined, 5, undefined],
    ]);
    expect(chart.notes).toEqual([{ at: 2, label: 'NaN (r)' }]);
  });

  test('a spike inside a bucket is on the chart; infinities are marked and do not stretch it', () => {
    const spike = series(
      'r',
      bucket(0, 1, { lastStep: 9, count: 10, max: 100 }),
      bucket(10, 2, { count: 10, lastStep: 19, max: Number.MAX_VALUE }),
    );
    const chart = chartOf([spike], [drawn], settings);
    const edges = chart.series.filter((one) => one.bandWith !== undefined);
    expect(edges.map((one) => one.values)).toEqual([
      [100, null],
      [1, 2],
    ]);
    expect(chart.notes).toEqual([{ at: 19, label: '∞' }]);
  });

  test('other axes: seconds since the start, and back to steps', () => {
    const items = [series('r', bucket(0, 1), bucket(1, 2), bucket(2, 3))];
    const relative = { ...settings, x: 'relative' as const };
    expect(chartOf(items, [drawn], relative)).toMatchObject({ xKind: 'seconds', x: [0, 0.5, 1] });
    expect(stepsOf([0.4, 1], items, [drawn], 'relative')).toEqual([1, 2]);
    expect(stepsOf([5, 6], items, [drawn], 'relative')).toBeUndefined();
    expect(stepsOf([0.4, 1.2], items, [drawn], 'step')).toEqual([0, 2]);
  });

  test('newer points are put behind those known', () => {
    const grown = withTail([series('r', bucket(0, 1))], [series('r', bucket(0, 9), bucket(1, 2))]);
    expect(grown[0]).toMatchObject({ count: 2, buckets: [{ firstStep: 0, min: 1 }, { firstStep: 1 }] });
  });

  test('values of runs that have one each stand side by side; one run with more makes lines of all', () => {
    const one = [series('r', bucket(0, 0.5))];
    expect(singleValues(one, [drawn])).toEqual([{ key: 'r', label: drawn.name, value: 0.5, hue: drawn.hue }]);
    expect(singleValues([...one, series('other')], [drawn])).toHaveLength(1);
    expect(singleValues([...one, series('q', bucket(0, 1), bucket(1, 2))], [drawn])).toEqual([]);
  });

  test('an empty chart says why', () => {
    const none = [series('r')];
    const why = (items: SeriesReply[], one = drawn, some = settings, isZoomed = false) =>
      emptyReason(items, [one], some, isZoomed);
    expect(why(none)).toContain('no point of it');
    expect(why(none, { ...drawn, isRunning: true })).toContain('Nothing was logged yet');
    expect(why(none, drawn, settings, true)).toContain('stretch');
    expect(why([series('r', bucket(0, 'NaN'))])).toContain('NaN');
    expect(why([series('r', bucket(0, -1))], drawn, { ...settings, isLogY: true })).toContain('log axis');
  });

  test('eight runs have eight colours', () => {
    const ids = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(32));
    expect(new Set(hues(ids)).size).toBe(8);
  });
});

test('a comparison shows what differs, and how far metrics are from the baseline', () => {
  const runs: RunSummary[] = [
    run({ metrics: { loss: metric(2), acc: metric(0.5) }, params: { kind: 'tree', depth: '2', same: 'x' } }),
    run({ metrics: { loss: metric(1), acc: metric(0.5) }, params: { kind: 'net', depth: '10', same: 'x' } }),
  ];
  const differing = compareRows(runs).filter((row) => row.isDifferent);
  expect(differing.map((row) => row.key)).toEqual(['loss', 'depth', 'kind']);
  expect(deltaOf('loss', 1, 2)).toEqual({ by: -1, share: -0.5, isBetter: true });
  expect(deltaOf('acc', 0.6, 0.5)).toMatchObject({ isBetter: true });
  expect(deltaOf('acc', 0.5, 0.5)).toBeUndefined();
  expect(deltaOf('acc', 1, 0)).toMatchObject({ share: undefined });
  const [depth, kind] = dimensionsOf(runs);
  expect(depth && scaleOf(depth)).toEqual({ low: 2, high: 10 });
  expect(kind && [placeOf(kind, 'net'), placeOf(kind, 'tree'), placeOf(kind, undefined)]).toEqual([0, 1, undefined]);
});

describe('reproducing a run', () => {
  test('a script from its commit; what was logged is never read as shell', () => {
    const tags = {
      'mlflow.source.name': "a b'; rm -rf ~",
      'mlflow.source.git.commit': 'abc',
      'mlflow.source.git.repoURL': 'https://x/$(boom)',
    };
    const { commands, caveats } = reproductionOf(run({ tags }), 'http://h:1', {
      path: 'requirements.txt',
      model: undefined,
    });
    expect(commands.split('\n')).toEqual([
      'export MLFLOW_TRACKING_URI=http://h:1',
      'export MLFLOW_EXPERIMENT_ID=1',
      "git clone 'https://x/$(boom)' run-source && cd run-source",
      'git checkout abc',
      expect.stringContaining('mlflow artifacts download'),
      'pip install -r run-environment/requirements.txt',
      "python 'a b'\\''; rm -rf ~'",
    ]);
    expect(caveats).toEqual([]);
  });

  test('packages that only its model names', () => {
    const environment = { path: 'requirements.txt', model: 'm-1' };
    const { commands, caveats } = reproductionOf(
      run({ tags: { 'mlflow.source.name': 'fit.py' } }),
      'http://h:1',
      environment,
    );
    expect(commands.split('\n').slice(2)).toEqual([
      "curl -s --create-dirs -o run-environment/requirements.txt 'http://h:1/api/v1/artifacts/logged-model/m-1/file?path=requirements.txt'",
      'pip install -r run-environment/requirements.txt',
      'python fit.py',
    ]);
    expect(caveats).toEqual(['No commit was logged: which code ran is not known.']);
  });

  test('a project by its entry point and params; nothing where no code is named', () => {
    const tags = {
      'mlflow.source.name': 'git@x',
      'mlflow.project.entryPoint': 'main',
      'mlflow.source.git.commit': 'abc',
    };
    const { commands } = reproductionOf(run({ tags, params: { alpha: '0.5', note: 'a b' } }), 'http://h:1', undefined);
    expect(commands.split('\n').at(-1)).toBe("mlflow run git@x -e main --version abc -P alpha=0.5 -P 'note=a b'");
    expect(reproductionOf(run({}), 'http://h:1', undefined).commands).toBe('');
  });
});

test.each([
  ['#/experiments/7/runs/abc', '/runs/abc'],
  ['#/experiments/7/runs/abc/artifacts/a%20b/c.txt', '/runs/abc?tab=artifacts&path=a%20b%2Fc.txt'],
  ['#/experiments/7', '/experiments/7'],
  ['#/experiments/7?searchFilter=x', '/experiments/7'],
  ['#/experiments/7/models/m-1', '/experiments/7'],
  ['#/models/late%20arrival/versions/3', '/models/late%20arrival/versions/3'],
  ['#/models/late', '/models/late'],
  ['#/models', '/models'],
  ['#/compare-runs?runs=["a","b"]&experiments=["7"]', '/experiments/7/compare?runs=%5B%22a%22%2C%22b%22%5D'],
  ['#content', undefined],
  ['', undefined],
])('a link of MLflow, %j, leads to %j', (hash, place) => {
  expect(placeOfMlflowLink(hash)).toBe(place);
});

describe('separated text', () => {
  const read = (text: string, isWhole = true) => readSeparated(text, ',', { isWhole, most: 100 });
  test('quotes, line ends, and a row that was cut off', () => {
    expect(read('a,"b ""x"", c"\r\n1,"two\nlines"\n')).toEqual([
      ['a', 'b "x", c'],
      ['1', 'two\nlines'],
    ]);
    expect(read('a,b\n1,2')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(read('a,b\n1,2', false)).toEqual([['a', 'b']]);
  });

  test('what is written is read', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ') });
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 4 }), (rows) => {
        const text = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\n');
        expect(read(text)).toEqual(rows);
      }),
    );
  });
});
