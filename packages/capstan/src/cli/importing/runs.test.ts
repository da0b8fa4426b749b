import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SourceRun } from '#ports/tracking-source';
import { createRunBatches, markOf, sentSeries } from './runs.ts';

const run = (id: string): SourceRun => ({
  id,
  experimentId: '848789554858382038',
  name: id,
  user: '',
  status: 'FINISHED',
  startTime: 1,
  endTime: 2,
  lifecycle: 'active',
  params: {},
  tags: {},
  datasets: [],
  modelInputs: [],
  modelOutputs: [{ modelId: 'm-1', step: 9_007_199_254_740_993n }],
  pointsMark: '',
  artifactUri: '',
});

const series = (key: string, length: number) => ({
  key,
  steps: Array.from({ length }, (_, index) => index),
  timestamps: Array.from({ length }, (_, index) => index),
  values: Array.from({ length }, (_, index) => index),
});

test('each point is sent once, with its run, and no batch is larger than it may be', async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 45_000 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(lengths, async (given) => {
      const sent: string[] = [];
      const batches = createRunBatches(
        () => '1',
        async (runs) => {
          let points = 0;
          for (const { id, metrics } of runs) {
            for (const { key, values } of metrics) {
              points += values.length;
              for (const value of values) sent.push(`${id} ${key} ${value}`);
            }
          }
          expect(points).toBeLessThanOrEqual(20_000);
        },
      );
      for (const [index, length] of given.entries())
        await batches.add(run(`r${index % 3}`), [series(`m${index}`, length)]);
      await batches.flush();
      const wanted = given.flatMap((length, index) =>
        Array.from({ length }, (_, value) => `r${index % 3} m${index} ${value}`),
      );
      expect(sent.length).toBe(wanted.length);
      expect(new Set(sent)).toEqual(new Set(wanted));
    }),
    { numRuns: 20 },
  );
});

test('integers beyond 2^53 and values that JSON lacks travel as text', () => {
  const odd = { key: 'm', steps: [2n ** 63n - 1n], timestamps: [1], values: [Number.NaN] };
  expect(sentSeries(odd)).toEqual({ key: 'm', steps: ['9223372036854775807'], timestamps: [1], values: ['NaN'] });
  expect(sentSeries({ ...odd, steps: [1, 2], timestamps: [1, 2], values: [Infinity, -Infinity] }).values).toEqual([
    'Infinity',
    '-Infinity',
  ]);
});

test('a mark is the same for the same run, and another for any change', () => {
  expect(markOf(run('a'))).toBe(markOf(run('a')));
  expect(markOf(run('a'))).not.toBe(markOf({ ...run('a'), pointsMark: '1' }));
});
