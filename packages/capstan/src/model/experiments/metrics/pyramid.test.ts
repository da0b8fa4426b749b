// Long series summed up in blocks: the same figures as of every point, whatever came when.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Database } from '#database';
import { describeDatabases } from '#database/testing';
import { cause, openBench, type Bench } from '../testing.ts';
import type { ForeignRun } from '../importing/foreign.ts';
import { findRun } from '../run.store.ts';
import type { BucketedSeries } from './buckets.ts';
import { bucketsOf } from './metric-bucket.store.ts';
import { findMetricIds, pointsWithin, storedValue, type StepRange } from './metric.store.ts';
import { merged } from './pyramid.ts';
import { blocksWithin, coveredTo, extend, TOP_LEVEL, type Series } from './pyramid.store.ts';

interface Point {
  readonly step: number;
  readonly value: number;
}

async function log({ experiments }: Bench, runId: string, points: readonly Point[]): Promise<void> {
  for (let start = 0; start < points.length; start += 1_000) {
    const metrics = points
      .slice(start, start + 1_000)
      .map(({ step, value }) => ({ key: 'm', value, step, timestamp: Math.max(0, step) }));
    await experiments.logBatch({ runId, metrics, cause });
  }
}

const rising = (count: number, from = 0): Point[] =>
  Array.from({ length: count }, (_, index) => ({
    step: from + index,
    value: index % 997 === 5 ? Number.NaN : Math.sin(index / 50),
  }));

async function seriesOf(database: Database, runId: string): Promise<Series> {
  const run = await findRun(database.read, runId);
  return { run: run?.key ?? 0, metric: (await findMetricIds(database.read, ['m'])).get('m') ?? 0 };
}

/** What must be so of any buckets, found from the points themselves. */
async function check(
  database: Database,
  { run, metric }: Series,
  range: StepRange,
  got: BucketedSeries,
): Promise<void> {
  const points = await pointsWithin(database, run, metric, range);
  expect(got.count).toBe(points.length);
  let last = -Infinity;
  for (const bucket of got.buckets) {
    expect(Number(bucket.firstStep)).toBeGreaterThan(last);
    last = Number(bucket.lastStep);
    const own = points.filter(({ step }) => step >= bucket.firstStep && step <= bucket.lastStep);
    const numbers = own.map(({ value }) => value).filter((value) => !Number.isNaN(value));
    const sum = numbers.reduce((total, value) => total + value, 0);
    expect(bucket).toEqual({
      firstStep: own[0]?.step,
      lastStep: own.at(-1)?.step,
      count: own.length,
      nans: own.length - numbers.length,
      min: numbers.length === 0 ? null : Math.min(...numbers),
      max: numbers.length === 0 ? null : Math.max(...numbers),
      mean: numbers.length === 0 ? null : (expect.closeTo(sum / numbers.length, 9) as number),
      last: own.at(-1),
    });
  }
}

describeDatabases('blocks of a long series', (open) => {
  test('buckets of blocks are exact, over the whole and parts, with points newer than the blocks', async () => {
    const bench = await openBench(await open());
    const { database } = bench;
    const runId = await bench.startRun();
    const points = rising(30_000);
    points[20_011] = { step: 20_011, value: 1e6 };
    await log(bench, runId, points);
    const series = await seriesOf(database, runId);
    await bench.experiments.summariseSeries(series);
    expect(Number(await coveredTo(database.read, series))).toBeGreaterThan(29_800);
    await log(bench, runId, rising(700, 30_000));
    const ranges: StepRange[] = [
      {},
      { from: 13, to: 29_999 },
      { from: 777 },
      { from: 5_000, to: 18_003 },
      { to: 9_000 },
    ];
    for (const range of ranges) {
      for (const limit of [3, 40, 300]) {
        const got = await bucketsOf(database, series.run, series.metric, range, limit);
        expect(got.buckets.length).toBeLessThanOrEqual(limit);
        expect(got.buckets.length).toBeGreaterThan(limit * 0.6);
        await check(database, series, range, got);
      }
    }
    const whole = await bucketsOf(database, series.run, series.metric, {}, 100);
    expect(whole.buckets.filter(({ max }) => max === 1e6)).toHaveLength(1);
  });

  test('a point behind takes away the blocks that lack it, and no others', async () => {
    const bench = await openBench(await open());
    const { database } = bench;
    const runId = await bench.startRun();
    await log(
      bench,
      runId,
      rising(20_000).map(({ step, value }) => ({ step: step * 10, value })),
    );
    const series = await seriesOf(database, runId);
    await bench.experiments.summariseSeries(series);
    await log(bench, runId, [{ step: 150_003, value: 42 }]);
    const covered = Number(await coveredTo(database.read, series));
    expect(covered).toBeGreaterThan(149_000);
    expect(covered).toBeLessThan(150_003);
    await check(database, series, {}, await bucketsOf(database, series.run, series.metric, {}, 20));
    await bench.experiments.summariseSeries(series);
    const again = await bucketsOf(database, series.run, series.metric, {}, 20);
    await check(database, series, {}, again);
    expect(again.buckets.some(({ max }) => max === 42)).toBe(true);
    await log(bench, runId, [{ step: -5, value: -42 }]);
    expect(await coveredTo(database.read, series)).toBeUndefined();
    // What is there already changes nothing.
    await bench.experiments.summariseSeries(series);
    const before = await coveredTo(database.read, series);
    await log(bench, runId, [{ step: 150_003, value: 42 }]);
    expect(await coveredTo(database.read, series)).toEqual(before);
  });

  test('an import behind takes them away too', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    await log(bench, runId, rising(500));
    const series = await seriesOf(bench.database, runId);
    await bench.experiments.summariseSeries(series);
    expect(Number(await coveredTo(bench.database.read, series))).toBe(447);
    const { name, userId, startTime } = await bench.experiments.getRun(runId);
    const run: ForeignRun = {
      id: runId,
      experimentId: '0',
      name,
      userId,
      status: 'RUNNING',
      startTime,
      endTime: null,
      lifecycle: 'active',
      params: [],
      tags: [],
      datasets: [],
      modelInputs: [],
      modelOutputs: [],
      metrics: [{ key: 'm', steps: [100], timestamps: [7], values: [3] }],
    };
    await bench.experiments.importRuns({ source: 'elsewhere', cause, runs: [run] });
    expect(Number(await coveredTo(bench.database.read, series))).toBe(63);
  });

  test('levels hold the same points, whatever is added in between', async () => {
    const database = await open();
    const bench = await openBench(database);
    let runs = 0;
    const batch = fc.array(
      fc.record({ step: fc.integer({ min: 0, max: 400 }), value: fc.constantFrom(0, 1.5, -2, Number.NaN, Infinity) }),
      { minLength: 1, maxLength: 300, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
        runs += 1;
        const runId = await bench.startRun(`run ${runs}`);
        for (const points of batches) {
          await log(bench, runId, points);
          const series = await seriesOf(database, runId);
          await bench.experiments.summariseSeries(series);
          const all = await pointsWithin(database, series.run, series.metric, {});
          const ends = { first: -1, last: 1_000 };
          for (let level = 0; level <= TOP_LEVEL; level++) {
            for (const block of await blocksWithin(database.read, series, level, ends)) {
              const own = all.filter(({ step }) => step >= Number(block.first) && step <= Number(block.last));
              const numbers = own.map(({ value }) => value).filter((value) => !Number.isNaN(value));
              expect([Number(block.count), Number(block.numbers)]).toEqual([own.length, numbers.length]);
              expect(block.max).toBe(numbers.length === 0 ? null : storedValue(Math.max(...numbers)));
            }
          }
        }
      }),
      { numRuns: database.dialect.name === 'sqlite' ? 25 : 8 },
    );
  });

  test('steps at the ends of 64 bits', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const least = -(2n ** 63n);
    const metrics = Array.from({ length: 900 }, (_, index) => ({
      key: 'm',
      value: index,
      timestamp: 1,
      step: index < 450 ? least + BigInt(index) : 2n ** 63n - 1n - BigInt(899 - index),
    }));
    await bench.experiments.logBatch({ runId, metrics, cause });
    const series = await seriesOf(bench.database, runId);
    await bench.experiments.summariseSeries(series);
    expect(await coveredTo(bench.database.read, series)).toBe(2n ** 63n - 1n - 4n);
  });

  test('nothing is summed up of a run that is gone', async () => {
    const { database } = await openBench(await open());
    expect(await database.write((writer) => extend(writer, { run: 9, metric: 9 }))).toBe(false);
  });
});

test('merged sums keep all there is, in at most so many', () => {
  const sums = Array.from({ length: 100 }, (_, index) => ({
    first: String(index * 10),
    last: String(index * 10 + 9),
    count: 10,
    numbers: index === 7 ? 0 : 10,
    min: index === 7 ? null : index,
    max: index === 7 ? null : index,
    sum: index === 7 ? null : index,
  }));
  for (const limit of [1, 7, 99, 100, 300]) {
    const found = merged(sums, limit);
    expect(found.length).toBeLessThanOrEqual(limit);
    expect(found.reduce((total, { count }) => total + count, 0)).toBe(1_000);
    expect(Math.max(...found.map(({ max }) => max ?? -1))).toBe(99);
  }
});
