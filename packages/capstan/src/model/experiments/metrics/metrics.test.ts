import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { MetricInput } from '../model.ts';
import { bucketsOfPoints } from './buckets.ts';
import { cause, openBench, type Bench } from '../testing.ts';

const point = (value: number, step: number | bigint = 0, timestamp: number | bigint = 1, key = 'm'): MetricInput => ({
  key,
  value,
  step,
  timestamp,
});

async function latest(bench: Bench, runId: string, key = 'm') {
  return (await bench.experiments.getRun(runId)).metrics.find((metric) => metric.key === key);
}

async function history(bench: Bench, runId: string, key = 'm') {
  return (await bench.experiments.metricHistory({ runId, key, limit: 25_000 })).points;
}

describeDatabases('metrics', (open) => {
  test('the greatest (step, time, value) counts, whatever came last', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const log = (...metrics: MetricInput[]) => bench.experiments.logBatch({ runId, metrics, cause });
    await log(point(1, 5, 10));
    await log(point(9, 4, 99));
    expect(await latest(bench, runId)).toMatchObject({ value: 1, step: 5 });
    await log(point(2, 5, 10), point(0.5, 5, 10), point(Number.NaN, 5, 10));
    expect(await latest(bench, runId)).toEqual({ key: 'm', value: 2, step: 5, timestamp: 10, min: 0.5, max: 9 });
    await log(point(Number.NaN, 6, 1));
    expect(await latest(bench, runId)).toMatchObject({ value: Number.NaN, step: 6, min: 0.5, max: 9 });
    await log(point(-3, 6, 1));
    expect(await latest(bench, runId)).toMatchObject({ value: -3, min: -3 });
  });

  test('any order of points gives the same latest value and extremes', async () => {
    const bench = await openBench(await open());
    const value = fc.oneof(
      fc.constantFrom(Number.NaN, 1, 2, 3),
      fc.double({ noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    );
    const points = fc.array(fc.tuple(value, fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 2 })), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(points, fc.integer({ min: 1, max: 5 }), async (drawn, size) => {
        const runId = await bench.startRun();
        const metrics = drawn.map(([number, step, time]) => point(number === 0 ? 0 : number, step, time));
        for (let start = 0; start < metrics.length; start += size) {
          await bench.experiments.logBatch({ runId, metrics: metrics.slice(start, start + size), cause });
        }
        const rank = (one: MetricInput) => (Number.isNaN(one.value) ? -Infinity : one.value);
        const [best] = metrics.toSorted(
          (a, b) =>
            Number(b.step) - Number(a.step) ||
            Number(b.timestamp) - Number(a.timestamp) ||
            (rank(b) > rank(a) ? 1 : -1),
        );
        const numbers = metrics.map((one) => one.value).filter((one) => !Number.isNaN(one));
        expect(await latest(bench, runId)).toMatchObject({
          value: best?.value,
          step: best?.step,
          timestamp: best?.timestamp,
          min: numbers.length > 0 ? Math.min(...numbers) : null,
          max: numbers.length > 0 ? Math.max(...numbers) : null,
        });
        const distinct = new Set(metrics.map((one) => `${one.value} ${one.step} ${one.timestamp}`));
        expect(await history(bench, runId)).toHaveLength(distinct.size);
      }),
      { numRuns: 25 },
    );
  });

  test('a repeated point has no effect and leaves no fact', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const metrics = [point(1), point(1), point(Number.NaN), point(2)];
    await bench.experiments.logBatch({ runId, metrics, cause });
    const before = await bench.facts();
    await bench.experiments.logBatch({ runId, metrics, cause });
    expect(await history(bench, runId)).toHaveLength(3);
    expect(await bench.facts()).toEqual(before);
    const [fact] = await bench.events.list({ subject: `run:${runId}`, type: 'run.logged', limit: 9 });
    expect(fact?.payload).toMatchObject({ metrics: 3, params: 0, tags: 0 });
  });

  test('64-bit steps and times come back exactly', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const [greatest, least] = [2n ** 63n - 1n, -(2n ** 63n)];
    const metrics = [
      point(1, greatest, greatest),
      point(2, greatest - 1n, 5),
      point(3, least, 2 ** 53),
      point(4, 2 ** 53 - 1, 5),
    ];
    await bench.experiments.logBatch({ runId, metrics, cause });
    expect(await latest(bench, runId)).toMatchObject({ value: 1, step: greatest, timestamp: greatest });
    expect((await history(bench, runId)).map((one) => [one.step, one.timestamp])).toEqual([
      [2 ** 53 - 1, 5],
      [greatest - 1n, 5],
      [least, 2n ** 53n],
      [greatest, greatest],
    ]);
    const series = await bench.experiments.bucketedHistory({ runId, key: 'm', range: {}, buckets: 10 });
    expect(series).toMatchObject({ count: 4 });
    expect(series.buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(4);
  });

  test('infinities are kept as the greatest numbers, NaN as NaN', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    await bench.experiments.logBatch({
      runId,
      metrics: [point(Infinity, 0), point(-Infinity, 1), point(Number.NaN, 2)],
      cause,
    });
    expect((await history(bench, runId)).map((one) => one.value)).toEqual([
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      Number.NaN,
    ]);
  });

  test('history comes in order of time, step and value, in pages', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const metrics = [point(1, 3, 5), point(Number.NaN, 1, 5), point(0.1, 1, 5), point(2, 2, 4), point(7, 9, 4)];
    await bench.experiments.logBatch({ runId, metrics, cause });
    const seen: unknown[] = [];
    let pageToken: string | undefined;
    do {
      const page = await bench.experiments.metricHistory({ runId, key: 'm', limit: 2, pageToken });
      seen.push(...page.points.map((one) => [one.timestamp, one.step, one.value]));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(seen).toEqual([
      [4, 2, 2],
      [4, 9, 7],
      [5, 1, Number.NaN],
      [5, 1, 0.1],
      [5, 3, 1],
    ]);
    expect(await bench.experiments.metricHistory({ runId, key: 'none', limit: 2 })).toEqual({ points: [] });
    expect(await bench.experiments.metricHistory({ runId: 'none', key: 'm', limit: 2 })).toEqual({ points: [] });
  });

  test('a batch is all or nothing', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun('n');
    await bench.experiments.logBatch({ runId, params: [{ key: 'p', value: '1' }], cause });
    const before = await bench.experiments.getRun(runId);
    const batch = {
      runId,
      metrics: [point(1)],
      params: [
        { key: 'q', value: '1' },
        { key: 'p', value: '2' },
      ],
      tags: [{ key: 't', value: '1' }],
      cause,
    };
    await expect(bench.experiments.logBatch(batch)).rejects.toMatchObject({
      code: 'CONFLICT',
      message:
        "Changing param values is not allowed. Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '2'}]' " +
        `for run ID='${runId}'.`,
    });
    expect(await bench.experiments.getRun(runId)).toEqual(before);
  });

  test('several batches are all or nothing together', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun('n');
    const batches = [
      { runId, tags: [{ key: 't', value: '1' }], cause },
      { runId: 'f'.repeat(32), tags: [{ key: 't', value: '1' }], cause },
    ];
    await expect(bench.experiments.logBatches(batches)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await bench.experiments.getRun(runId)).tags).toHaveLength(1);
  });

  test('params are immutable, may be repeated, and are cut when long', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const params = [
      { key: 'p', value: 'x'.repeat(7_000) },
      { key: 'empty', value: '' },
    ];
    await bench.experiments.logBatch({ runId, params, cause });
    await bench.experiments.logBatch({ runId, params, cause });
    expect((await bench.experiments.getRun(runId)).params).toEqual([
      { key: 'empty', value: '' },
      { key: 'p', value: 'x'.repeat(6_000) },
    ]);
    const twice = [
      { key: 'r', value: '1' },
      { key: 'r', value: '1' },
    ];
    await expect(bench.experiments.logBatch({ runId, params: twice, cause })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('limits of a batch', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const metrics = (count: number) => Array.from({ length: count }, (_, step) => point(step, step));
    const texts = (count: number) => Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: '' }));
    await bench.experiments.logBatch({ runId, metrics: metrics(1_000), cause });
    for (const batch of [
      { metrics: metrics(1_001) },
      { params: texts(101) },
      { tags: texts(101) },
      { metrics: metrics(901), params: texts(100) },
    ]) {
      await expect(bench.experiments.logBatch({ runId, ...batch, cause })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('A batch logging request can contain at most'),
      });
    }
  });

  test('names of metrics are paths of letters', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const log = (key: string) => bench.experiments.logBatch({ runId, metrics: [point(1, 0, 1, key)], cause });
    for (const key of ['', '/a', 'a//b', 'a/../b', '..', 'a/.', 'a\u0000', 'a#b', 'a\\b', 'x'.repeat(251)]) {
      await expect(log(key), key).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'metrics[0].key' });
    }
    for (const key of ['loss', 'val/loss', 'a.b-c d_e:f', 'größe', '__proto__']) {
      await log(key);
      expect(await latest(bench, runId, key)).toMatchObject({ value: 1 });
    }
  });

  test('refuses times before 1970', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    await expect(bench.experiments.logBatch({ runId, metrics: [point(1, 0, -1)], cause })).rejects.toMatchObject({
      field: 'metrics[0].timestamp',
    });
  });

  test('buckets keep every extreme and mark NaN', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const values = Array.from({ length: 1_000 }, (_, step) =>
      step === 777 ? 1e6 : step === 778 ? Number.NaN : Math.sin(step),
    );
    await bench.experiments.logBatch({ runId, metrics: values.map((value, step) => point(value, step, step)), cause });
    const series = await bench.experiments.bucketedHistory({ runId, key: 'm', range: {}, buckets: 10 });
    expect(series.count).toBe(1_000);
    expect(series.buckets).toHaveLength(10);
    for (const [index, bucket] of series.buckets.entries()) {
      const within = values.slice(index * 100, index * 100 + 100);
      const numbers = within.filter((value) => !Number.isNaN(value));
      expect(bucket).toMatchObject({
        firstStep: index * 100,
        lastStep: index * 100 + 99,
        count: 100,
        nans: 100 - numbers.length,
        min: Math.min(...numbers),
        max: Math.max(...numbers),
        last: { step: index * 100 + 99, value: within.at(-1) },
      });
    }
    const zoomed = await bench.experiments.bucketedHistory({
      runId,
      key: 'm',
      range: { from: 770, to: 779 },
      buckets: 100,
    });
    expect(zoomed.buckets.map((bucket) => bucket.max)).toHaveLength(10);
    expect(zoomed.buckets[7]).toMatchObject({ min: 1e6, max: 1e6, count: 1 });
    expect(zoomed.buckets[8]).toMatchObject({ min: null, nans: 1 });
  });

  test('many points are summed up by the database, to the same buckets', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const values = Array.from({ length: 7_000 }, (_, step) =>
      step === 4_321 ? 1e6 : step % 2_000 === 5 ? Number.NaN : step === 6_000 ? Infinity : Math.cos(step),
    );
    for (let start = 0; start < values.length; start += 1_000) {
      const metrics = values.slice(start, start + 1_000).map((value, index) => point(value, start + index, start));
      await bench.experiments.logBatch({ runId, metrics, cause });
    }
    const series = await bench.experiments.bucketedHistory({ runId, key: 'm', range: {}, buckets: 137 });
    const points = values.map((value, step) => ({
      step,
      timestamp: Math.floor(step / 1_000) * 1_000,
      value: value === Infinity ? Number.MAX_VALUE : value,
    }));
    const expected = bucketsOfPoints(points, 137);
    expect(series.count).toBe(7_000);
    expect(series.buckets.length).toBeLessThanOrEqual(137);
    expect(Math.max(...series.buckets.map((bucket) => bucket.max ?? 0))).toBe(Number.MAX_VALUE);
    expect(series.buckets.map((bucket) => bucket.count).reduce((a, b) => a + b)).toBe(7_000);
    expect(series.buckets.reduce((sum, bucket) => sum + bucket.nans, 0)).toBe(4);
    const spike = series.buckets.find((bucket) => bucket.firstStep <= 4_321 && bucket.lastStep >= 4_321);
    expect(spike).toMatchObject({ max: 1e6 });
    const [first, other] = [series.buckets[1], expected[1]];
    expect(first).toEqual({ ...other, mean: expect.closeTo(other?.mean ?? 0, 12) });
  });

  test('points that are all of one step are shared out by their order', () => {
    const points = Array.from({ length: 100 }, (_, index) => ({ step: 0, timestamp: index, value: index }));
    const buckets = bucketsOfPoints(points, 10);
    expect(buckets.map((bucket) => [bucket.min, bucket.max, bucket.last.timestamp])).toEqual(
      Array.from({ length: 10 }, (_, index) => [index * 10, index * 10 + 9, index * 10 + 9]),
    );
    expect(bucketsOfPoints(points.slice(0, 3), 10)).toHaveLength(3);
  });

  test('writers at the same time lose nothing', async () => {
    const bench = await openBench(await open());
    const runs = await Promise.all([bench.startRun(), bench.startRun()]);
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        bench.experiments.logBatch({
          runId: runs[index % 2] ?? '',
          metrics: [point(index, index, 1, `k${index % 7}`), point(index, index, 1, 'shared')],
          cause,
        }),
      ),
    );
    for (const runId of runs) expect(await history(bench, runId, 'shared')).toHaveLength(20);
  });
});
