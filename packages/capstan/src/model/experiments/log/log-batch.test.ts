import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openBench, type Bench } from '../testing.ts';

const point = (step: number) => ({ key: 'loss', value: step / 2, timestamp: step, step });

async function countsOf({ events }: Bench, runId: string) {
  const facts = await events.list({ subject: `run:${runId}`, type: 'run.logged', limit: 1_000 });
  return facts.map(({ payload }) => payload as { metrics: number; params: number; tags: number });
}

describeDatabases('logging', (open) => {
  test('many calls at once are all there, in few facts that add up', async () => {
    const bench = await openBench(await open());
    const runs = await Promise.all(Array.from({ length: 3 }, () => bench.startRun()));
    const calls = runs.flatMap((runId) =>
      Array.from({ length: 50 }, (_, step) => bench.experiments.logBatch({ runId, metrics: [point(step)], cause })),
    );
    await Promise.all(calls);
    for (let step = 50; step < 60; step++)
      await bench.experiments.logBatch({ runId: runs[0] ?? '', metrics: [point(step)], cause });
    await bench.experiments.settle();
    const counts = await Promise.all(runs.map((runId) => countsOf(bench, runId)));
    expect(counts.map((facts) => facts.reduce((sum, { metrics }) => sum + metrics, 0))).toEqual([60, 50, 50]);
    expect(counts[0]?.length).toBeLessThan(10);
    const history = await bench.experiments.metricHistory({ runId: runs[0] ?? '', key: 'loss', limit: 100 });
    expect(history.points.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, step) => step));
  });

  test('what was logged stands before the end of the run', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    for (const step of [1, 2, 3]) await bench.experiments.logBatch({ runId, metrics: [point(step)], cause });
    await bench.experiments.updateRun({ id: runId, status: 'FINISHED', cause });
    await bench.experiments.settle();
    const facts = await bench.events.list({ subject: `run:${runId}`, limit: 9 });
    expect(facts.map(({ type }) => type)).toEqual(['run.created', 'run.logged', 'run.logged', 'run.ended']);
    expect(await countsOf(bench, runId)).toMatchObject([{ metrics: 1 }, { metrics: 2 }]);
  });

  test('of calls that share a write, only the wrong ones fail', async () => {
    const bench = await openBench(await open());
    const [runId, deleted] = [await bench.startRun(), await bench.startRun()];
    await bench.experiments.deleteRuns({ ids: [deleted], cause });
    const log = (id: string, value: string) =>
      bench.experiments.logBatch({ runId: id, params: [{ key: 'p', value }], metrics: [point(Number(value))], cause });
    const outcomes = await Promise.allSettled([
      log(runId, '1'),
      log(runId, '2'),
      log(deleted, '3'),
      log('f'.repeat(32), '4'),
      log(runId, '1'),
    ]);
    expect(outcomes.map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as { code: string }).code))).toEqual([
      'ok',
      'CONFLICT',
      'CONFLICT',
      'NOT_FOUND',
      'ok',
    ]);
    const run = await bench.experiments.getRun(runId);
    expect(run).toMatchObject({ params: [{ key: 'p', value: '1' }], metrics: [{ min: 0.5, max: 0.5 }] });
  });

  test('several batches are all or nothing, also where they disagree among themselves', async () => {
    const bench = await openBench(await open());
    const [one, other] = [await bench.startRun(), await bench.startRun()];
    const param = (runId: string, value: string) => ({ runId, params: [{ key: 'p', value }], cause });
    const wrong = bench.experiments.logBatches([param(other, '1'), param(one, '1'), param(one, '2')]);
    await expect(wrong).rejects.toThrow('Changing param values');
    expect((await bench.experiments.getRun(other)).params).toEqual([]);
    await bench.experiments.logBatches([param(other, '1'), param(one, '1'), param(one, '1')]);
    expect((await bench.experiments.getRun(one)).params).toEqual([{ key: 'p', value: '1' }]);
  });

  test('32 writers of four servers on the same keys, in every order, all get through', async () => {
    const database = await open();
    const benches = await Promise.all(Array.from({ length: 4 }, () => openBench(database)));
    const runs = [await benches[0]?.startRun(), await benches[0]?.startRun()].map((id) => id ?? '');
    const write = async (bench: Bench, writer: number) => {
      for (let round = 0; round < 3; round++) {
        const tags = ['a', 'b', 'c'].map((key) => ({ key, value: `${writer} ${round}` }));
        const params = ['p', 'q'].map((key) => ({ key, value: 'same' }));
        const step = writer * 3 + round;
        const metrics = ['loss', 'acc'].map((key) => ({ key, value: step, timestamp: step, step }));
        const batches = runs.map((runId) => ({ runId, metrics, params, tags, cause }));
        const turned = batches.map(({ runId }) => ({
          runId,
          metrics: metrics.toReversed(),
          params: params.toReversed(),
          tags: tags.toReversed(),
          cause,
        }));
        await bench.experiments.logBatches(writer % 2 === 0 ? batches : turned.toReversed());
      }
    };
    await Promise.all(
      benches.flatMap((bench, server) => Array.from({ length: 8 }, (_, index) => write(bench, server * 8 + index))),
    );
    for (const id of runs) {
      const run = await benches[0]?.experiments.getRun(id);
      expect(run?.metrics).toMatchObject(['acc', 'loss'].map((key) => ({ key, step: 95, min: 0, max: 95 })));
      const history = await benches[0]?.experiments.metricHistory({ runId: id, key: 'loss', limit: 1_000 });
      expect(history?.points).toHaveLength(96);
    }
  });
});
