import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { MetricInput } from '../model.ts';
import { cause, openBench } from '../testing.ts';
import { sampledPlaces } from './sampling.ts';

describeDatabases('sampled history', (open) => {
  test('a sample of each run has its ends, in the order asked for', async () => {
    const bench = await openBench(await open());
    const [long, short] = [await bench.startRun(), await bench.startRun()];
    const metrics = Array.from({ length: 3_000 }, (_, step): MetricInput => ({
      key: 'm',
      value: step,
      step,
      timestamp: step,
    }));
    for (let start = 0; start < 3_000; start += 1_000) {
      await bench.experiments.logBatch({ runId: long, metrics: metrics.slice(start, start + 1_000), cause });
    }
    await bench.experiments.logBatch({ runId: short, metrics: metrics.slice(1_001, 1_007), cause });
    const sample = async (runIds: string[], maxPoints: number, range = {}) =>
      (await bench.experiments.sampledHistory({ runIds, key: 'm', range, maxPoints })).map(
        (series) => [series.runId, series.points.map((sampled) => sampled.step)] as const,
      );
    const tenth = [0, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2999];
    const all = [1001, 1002, 1003, 1004, 1005, 1006];
    expect(await sample([long, short], 10)).toEqual([
      [long, tenth],
      [short, all],
    ]);
    expect(await sample([short, 'f'.repeat(32), long, short], 10)).toEqual([
      [short, all],
      [long, tenth],
    ]);
    expect(await sample([short], 1)).toEqual([[short, [1006]]]);
    expect(await sample([long], 3, { from: 10, to: 16 })).toEqual([[long, [10, 13, 16]]]);
    await expect(
      bench.experiments.sampledHistory({
        runIds: Array.from({ length: 101 }, () => long),
        key: 'm',
        range: {},
        maxPoints: 10,
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a sample knows what was added since, before and behind what was there', async () => {
    const database = await open();
    const [bench, other] = [await openBench(database), await openBench(database)];
    const runId = await bench.startRun();
    const log = (from: { experiments: typeof bench.experiments }, ...steps: number[]) =>
      from.experiments.logBatch({
        runId,
        metrics: steps.map((step) => ({ key: 'm', value: 0, step, timestamp: 0 })),
        cause,
      });
    const sample = async (maxPoints: number, range = {}) =>
      (await bench.experiments.sampledHistory({ runIds: [runId], key: 'm', range, maxPoints }))[0]?.points.map(
        ({ step }) => step,
      );
    await log(bench, 10, 11, 12, 13);
    expect(await sample(2)).toEqual([10, 13]);
    expect(await sample(2, { to: 12 })).toEqual([10, 12]);
    await log(other, 3);
    expect(await sample(2)).toEqual([3, 13]);
    expect(await sample(2, { to: 12 })).toEqual([3, 12]);
    await Promise.all([log(bench, 1), log(other, 2), log(other, 20)]);
    expect(await sample(9)).toEqual([1, 2, 3, 10, 11, 12, 13, 20]);
    expect(await sample(2)).toEqual([1, 20]);
  });

  test('a sample counts points, not steps, and any shape of steps', async () => {
    const bench = await openBench(await open());
    const points = fc.uniqueArray(
      fc.record({
        step: fc.integer({ min: -5, max: 20 }),
        timestamp: fc.integer({ min: 0, max: 2 }),
        value: fc.nat(9),
      }),
      { minLength: 1, maxLength: 40, selector: ({ step, timestamp, value }) => `${step} ${timestamp} ${value}` },
    );
    await fc.assert(
      fc.asyncProperty(points, fc.integer({ min: 1, max: 45 }), async (logged, maxPoints) => {
        const runId = await bench.startRun();
        await bench.experiments.logBatch({ runId, metrics: logged.map((at) => ({ key: 'm', ...at })), cause });
        const [series] = await bench.experiments.sampledHistory({ runIds: [runId], key: 'm', range: {}, maxPoints });
        const ordered = logged.toSorted((a, b) => a.step - b.step || a.timestamp - b.timestamp || a.value - b.value);
        expect(series?.points).toEqual(sampledPlaces(ordered.length, maxPoints).map((place) => ordered[place]));
      }),
      { numRuns: 25 },
    );
  });
});

describe('sampling', () => {
  test('few are all taken; of many the first of each bucket, and the last', () => {
    expect(sampledPlaces(0, 3)).toEqual([]);
    expect(sampledPlaces(3, 3)).toEqual([0, 1, 2]);
    // ntile(4) of 10 makes buckets of 3, 3, 2 and 2.
    expect(sampledPlaces(10, 4)).toEqual([0, 3, 6, 9]);
    expect(sampledPlaces(10, 1)).toEqual([9]);
  });
});
