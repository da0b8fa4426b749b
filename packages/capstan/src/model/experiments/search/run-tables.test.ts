// What tables of runs ask: groups, nesting, which columns differ, which values there are.
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { livenessOf } from '../model.ts';
import { cause, openBench, type Bench } from '../testing.ts';
import type { MetricOrder } from './run-search.store.ts';

interface Logged {
  readonly metrics?: Readonly<Record<string, number | readonly number[]>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

async function log(bench: Bench, name: string, { metrics = {}, params = {}, tags = {} }: Logged): Promise<string> {
  bench.advance(1_000);
  const runId = await bench.startRun(name);
  const pairs = (texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).map(([key, value]) => ({ key, value }));
  await bench.experiments.logBatch({
    runId,
    metrics: Object.entries(metrics).flatMap(([key, values]) =>
      [values].flat().map((value, step) => ({ key, value, step, timestamp: step })),
    ),
    params: pairs(params),
    tags: pairs(tags),
    cause,
  });
  return runId;
}

const everywhere = { experimentIds: ['0'], view: 'active' } as const;

describeDatabases('tables of runs', (open) => {
  test('groups: one for each value and one for none, with figures that NaN and infinities do not spoil', async () => {
    const bench = await openBench(await open());
    await log(bench, 'a', { metrics: { acc: 1 }, params: { kind: 'tree' }, tags: { team: "o'hara" } });
    await log(bench, 'b', { metrics: { acc: 3 }, params: { kind: 'tree' } });
    await log(bench, 'c', { metrics: { acc: Number.NaN }, params: { kind: 'tree' } });
    await log(bench, 'd', { metrics: { acc: Infinity, other: 1 }, params: { kind: 'net' } });
    await log(bench, 'e', { metrics: { acc: 1e9 + 1 } });
    await log(bench, 'f', { metrics: { acc: 1e9 + 2 } });
    const groups = await bench.experiments.groupRuns({
      ...everywhere,
      by: [{ of: 'param', key: 'kind' }],
      metrics: ['acc', 'never logged'],
      limit: 10,
    });
    expect(groups).toEqual({
      hasMore: false,
      groups: [
        {
          values: ['tree'],
          runs: 3,
          metrics: new Map([['acc', { count: 2, mean: 2, min: 1, max: 3, std: Math.SQRT2 }]]),
        },
        {
          values: [null],
          runs: 2,
          metrics: new Map([
            ['acc', { count: 2, mean: 1e9 + 1.5, min: 1e9 + 1, max: 1e9 + 2, std: expect.closeTo(Math.SQRT1_2, 9) }],
          ]),
        },
        { values: ['net'], runs: 1, metrics: new Map() },
      ],
    });
    const two = await bench.experiments.groupRuns({
      ...everywhere,
      filter: "params.kind = 'tree'",
      by: [
        { of: 'tag', key: 'team' },
        { of: 'param', key: 'kind' },
      ],
      metrics: ['acc'],
      limit: 1,
    });
    expect(two).toMatchObject({ hasMore: true, groups: [{ values: [null, 'tree'], runs: 2 }] });
    const names = async (value: string | null) =>
      (
        await bench.experiments.searchRuns({ ...everywhere, within: [{ of: 'tag', key: 'team', value }], limit: 10 })
      ).runs.map((run) => run.name);
    expect(await names("o'hara")).toEqual(['a']);
    expect(await names(null)).toEqual(['f', 'e', 'd', 'c', 'b']);
    expect(
      await bench.experiments.countMatches({ ...everywhere, within: [{ of: 'param', key: 'kind', value: 'net' }] }),
    ).toBe(1);
  });

  test('a sort may go by the least or greatest value of a metric', async () => {
    const bench = await openBench(await open());
    await log(bench, 'a', { metrics: { loss: [5, 1, 3] } });
    await log(bench, 'b', { metrics: { loss: [2, 9, 2] } });
    await log(bench, 'nan', { metrics: { loss: Number.NaN } });
    await log(bench, 'none', {});
    const order = async (orderMetricsBy: MetricOrder) =>
      (
        await bench.experiments.searchRuns({ ...everywhere, orderBy: ['metrics.loss'], orderMetricsBy, limit: 9 })
      ).runs.map((run) => run.name);
    expect(await order('last')).toEqual(['b', 'a', 'nan', 'none']);
    expect((await order('min')).slice(0, 2)).toEqual(['a', 'b']);
    expect((await order('max')).slice(0, 2)).toEqual(['a', 'b']);
    expect((await order('min')).slice(2).toSorted()).toEqual(['nan', 'none']);
    expect((await order({ loss: 'min' })).slice(0, 2)).toEqual(['a', 'b']);
    expect((await order({ other: 'min' })).slice(0, 2)).toEqual(['b', 'a']);
  });

  test('nested runs are counted by their parent while they are active', async () => {
    const bench = await openBench(await open());
    const parent = await log(bench, 'parent', {});
    const tags = { 'mlflow.parentRunId': parent };
    const [first] = [await log(bench, 'child 1', { tags }), await log(bench, 'child 2', { tags })];
    expect([...(await bench.experiments.countChildren([parent, first]))]).toEqual([[parent, 2]]);
    await bench.experiments.deleteRuns({ ids: [first], cause });
    expect([...(await bench.experiments.countChildren([parent]))]).toEqual([[parent, 1]]);
    const within = [{ of: 'tag', key: 'mlflow.parentRunId', value: null }] as const;
    const roots = await bench.experiments.searchRuns({ ...everywhere, within, limit: 9 });
    expect(roots.runs.map((run) => run.name)).toEqual(['parent']);
  });

  test('keys, those that differ, and their values', async () => {
    const bench = await openBench(await open());
    await log(bench, 'a', { metrics: { same: 1, moved: 1 }, params: { seed: '1', kind: 'tree' } });
    await log(bench, 'b', { metrics: { same: 1, moved: 2, only_b: 1 }, params: { seed: '2', kind: 'tree' } });
    const keys = () => bench.experiments.loggedKeys({ experimentId: '0', prefix: '', limit: 100 });
    expect((await keys()).metrics).toEqual(['moved', 'only_b', 'same']);
    await log(bench, 'c', { params: { later: 'yes' } });
    expect((await keys()).params).toEqual(['kind', 'later', 'seed']);
    bench.advance(-3_600_000);
    const dated = await log(bench, 'of an hour ago', { params: { earlier: 'yes' } });
    expect((await keys()).params).toEqual(['earlier', 'kind', 'later', 'seed']);
    await bench.experiments.deleteRuns({ ids: [dated], cause });
    await bench.experiments.purge({
      keys: [{ kind: 'run', id: dated }],
      references: () => Promise.resolve([]),
      emptyExperiment: () => Promise.resolve(0),
      isStrict: true,
      cause,
    });
    expect((await keys()).params).toEqual(['kind', 'later', 'seed']);
    const differing = await bench.experiments.differingKeys({ ...everywhere, filter: "params.kind = 'tree'" });
    expect(differing).toEqual({ runs: 2, metrics: ['moved', 'only_b'], params: ['seed'], tags: ['mlflow.runName'] });
    expect((await bench.experiments.differingKeys(everywhere)).params).toEqual(['kind', 'later', 'seed']);
    const values = async (key: string, of: 'param' | 'tag' = 'param') =>
      (await bench.experiments.loggedValues({ experimentId: '0', of, key, prefix: '', limit: 10 })).values;
    expect(await values('seed')).toEqual(['1', '2']);
    expect(await values('mlflow.runName', 'tag')).toEqual(['a', 'b', 'c']);
    expect(await values('nowhere')).toEqual([]);
  });
});

test('a run is lost when it claims to run and was silent for too long, and never ended by that', () => {
  const at = (status: 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'KILLED' | 'FAILED', silentMs: number) =>
    livenessOf({ status, updatedAt: 1_000 }, 1_000 + silentMs, 600_000);
  expect(at('RUNNING', 600_000)).toBe('running');
  expect(at('RUNNING', 600_001)).toBe('lost');
  expect(at('SCHEDULED', 900_000)).toBe('scheduled');
  for (const status of ['FINISHED', 'FAILED', 'KILLED'] as const) expect(at(status, 900_000)).toBe('ended');
});
