import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createExecutorLocal } from '#adapters/executor-local';
import { describeDatabases } from '#database/testing';
import type { ExecutionResult, Executor } from '#ports/executor';
import type { PipelinesDeps } from './index.ts';
import { openBench, stageOf, whyOf, type Bench } from './testing.ts';

/** Ends only when all of them are under way, so never where one runs after the other. */
const meet = (name: string, others: readonly string[]): string =>
  [`touch ../${name}.begun`, ...others.map((each) => `until [ -e ../${each}.begun ]; do sleep 0.02; done`)].join('; ');

describeDatabases('stages that do not wait for each other', (open) => {
  let bench: Bench;
  const openWith = async (changes: Partial<PipelinesDeps> = {}): Promise<void> => {
    bench = await openBench(await open(), changes);
    await bench.write({ 'dvc.yaml': 'stages: {}\n', 'in.txt': '1\n' });
    await bench.apply();
  };

  it('run at once, and each publishes its own outputs and entry', async () => {
    await openWith();
    await bench.write({
      'dvc.yaml': `stages:
  left: {cmd: "${meet('left', ['right'])}; echo same > l; echo left > l2", deps: [in.txt], outs: [l, l2]}
  right: {cmd: "${meet('right', ['left'])}; echo same > r; echo right > r2", deps: [in.txt], outs: [r, r2]}
  join: {cmd: cat l l2 r r2 > all, deps: [l, l2, r, r2], outs: [all]}
`,
    });
    const run = await bench.run();
    expect(whyOf(run)).toEqual(['left', 'right', 'join'].map((name) => [name, 'succeeded', false, ['first-run']]));
    expect(await readFile(join(bench.workspace(run), 'all'), 'utf8')).toBe('same\nleft\nsame\nright\n');
    const lock = parse(await readFile(join(bench.workspace(run), 'dvc.lock'), 'utf8')) as { stages: object };
    expect(Object.keys(lock.stages).toSorted()).toEqual(['join', 'left', 'right']);
    expect((await bench.run()).stages.map((stage) => stage.isCached)).toEqual([true, true, true]);
  });

  const FAILS_IN_BETWEEN = `stages:
  fails: {cmd: "${meet('fails', ['goes-on'])}; exit 3", outs: [f]}
  goes-on: {cmd: "${meet('goes-on', ['fails'])}; sleep 0.3; echo x > g", outs: [g]}
  other: {cmd: echo o > o, outs: [o]}
  after-other: {cmd: cat o > ao, deps: [o], outs: [ao]}
  reads: {cmd: cat f > c, deps: [f], outs: [c]}
  last: {cmd: cat c > z, deps: [c], outs: [z]}
`;

  it('go on to their end when one fails, and nothing else begins, which is told with the one to blame', async () => {
    await openWith();
    await bench.write({ 'dvc.yaml': FAILS_IN_BETWEEN });
    const run = await bench.run();
    expect(run.status).toBe('failed');
    expect(run.reason).toContain("The stage 'fails' failed: it ended with exit code 3");
    expect(run.stages.map(({ name, status, because }) => [name, status, because])).toEqual([
      ['fails', 'failed', null],
      ['goes-on', 'succeeded', null],
      ['other', 'skipped', 'fails'],
      ['after-other', 'skipped', 'fails'],
      ['reads', 'skipped', 'fails'],
      ['last', 'skipped', 'fails'],
    ]);
  });

  it('all run where the run keeps going, but for those that depend on one that failed', async () => {
    await openWith();
    await bench.write({ 'dvc.yaml': FAILS_IN_BETWEEN });
    const run = await bench.run({ keepGoing: true });
    expect(run).toMatchObject({ status: 'failed', keepGoing: true });
    expect(run.stages.map(({ name, status, because }) => [name, status, because])).toEqual([
      ['fails', 'failed', null],
      ['goes-on', 'succeeded', null],
      ['other', 'succeeded', null],
      ['after-other', 'succeeded', null],
      ['reads', 'skipped', 'fails'],
      ['last', 'skipped', 'fails'],
    ]);
  });

  it('are all ended by a cancel', async () => {
    await openWith();
    await bench.write({ 'dvc.yaml': 'stages:\n  a: {cmd: sleep 600, outs: [a]}\n  b: {cmd: sleep 600, outs: [b]}\n' });
    const id = await bench.start();
    await bench.until(async () => {
      const { stages } = await bench.pipelines.get(id);
      return stages.every((stage) => stage.attempts.length === 1) || undefined;
    });
    await bench.pipelines.cancel(id, { actor: 'person' });
    const run = await bench.ended(id);
    expect(run.status).toBe('cancelled');
    expect(run.stages.map((stage) => [stage.status, stage.attempts[0]?.status])).toEqual([
      ['cancelled', 'cancelled'],
      ['cancelled', 'cancelled'],
    ]);
  });

  it('wait for the cores and the memory that they declare, and are refused where there will never be enough', async () => {
    await openWith();
    const alone = `if [ -e ../busy ]; then exit 9; fi; touch ../busy; sleep 0.2; rm ../busy`;
    await bench.write({
      'dvc.yaml': `stages:
  a: {cmd: "${alone}; echo > a", outs: [a], meta: {resources: {cpus: 2}}}
  b: {cmd: "${alone}; echo > b", outs: [b], meta: {resources: {memory: 10GiB}}}
  c: {cmd: "${alone}; echo > c", outs: [c], meta: {resources: {memory: 10GiB}}}
`,
    });
    expect((await bench.run()).reason).toBeNull();
    await bench.write({ 'dvc.yaml': 'stages:\n  a: {cmd: x, meta: {resources: {gpus: 1}}}\n' });
    await expect(bench.start()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'stages.a.meta.resources.gpus',
      message: "The stage 'a' asks for 1 gpus, and this server gives stages 0 at most",
    });
    await bench.write({ 'dvc.yaml': 'stages:\n  a: {cmd: x, meta: {resources: {cpu: 1}}}\n' });
    await expect(bench.start()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', hint: 'Did you mean cpus?' });
  });
});

/** Machines that are lost so often, after the command has ended. */
function losing(times: number): Executor & { readonly asked: unknown[] } {
  const local = createExecutorLocal({ reapGraceMs: 200 });
  const asked: unknown[] = [];
  let count = 0;
  return {
    asked,
    async start(spec) {
      asked.push(spec.resources);
      const execution = await local.start(spec);
      const isLost = count++ < times;
      const done = execution.done.then((result): ExecutionResult =>
        isLost ? { ...result, outcome: 'lost', exitCode: null, machine: `m${count}` } : { ...result, machine: 'ok' },
      );
      return { ...execution, done, cancel: () => execution.cancel() };
    },
    reap: (attemptId) => local.reap(attemptId),
  };
}

describeDatabases('a stage whose machine is lost', (open) => {
  const DVC_YAML = 'stages:\n  a: {cmd: echo > a, outs: [a], meta: {resources: {cpus: 0.5, memory: 1MB}}}\n';
  let bench: Bench;
  let executor: ReturnType<typeof losing>;
  const openLosing = async (times: number): Promise<void> => {
    executor = losing(times);
    bench = await openBench(await open(), { executors: new Map([['local', executor]]) });
    await bench.write({ 'dvc.yaml': DVC_YAML });
    await bench.apply();
  };

  it('is tried anew, and says why', async () => {
    await openLosing(2);
    const run = await bench.run();
    const { attempts, why } = stageOf(run, 'a');
    expect(run.status).toBe('succeeded');
    expect(attempts.map(({ status, reason, machine }) => [status, reason, machine])).toEqual([
      ['lost', 'attempt 1 was lost with the machine m1', 'm1'],
      ['lost', 'attempt 2 was lost with the machine m2', 'm2'],
      ['succeeded', null, 'ok'],
    ]);
    expect(why.map(({ text }) => text)).toEqual([
      'it has not run before',
      'the attempt before was interrupted: attempt 2 was lost with the machine m2',
    ]);
    expect(executor.asked).toEqual([1, 2, 3].map(() => ({ cpus: 0.5, memoryBytes: 1_000_000 })));
  });

  it('fails when that has happened too often', async () => {
    await openLosing(9);
    const run = await bench.run();
    expect(run.status).toBe('failed');
    expect(run.reason).toBe(
      "The stage 'a' failed: attempt 3 was lost with the machine m3, as those before it; it is not tried again",
    );
    expect(stageOf(run, 'a').attempts.map(({ status }) => status)).toEqual(['lost', 'lost', 'lost']);
  });
});

describeDatabases('an attempt that was given up', (open) => {
  let bench: Bench;
  beforeEach(async () => {
    const database = await open();
    const local = createExecutorLocal({ reapGraceMs: 200 });
    const executor: Executor = {
      async start(spec) {
        const execution = await local.start(spec);
        const done = execution.done.then(async (result) => {
          // As another server does that takes the attempt for lost while this one does not come to know.
          await database.write((writer) =>
            writer.updateTable('stage_attempts').set({ status: 'lost' }).where('id', '=', spec.attemptId).execute(),
          );
          return result;
        });
        return { ...execution, done, cancel: () => execution.cancel() };
      },
      reap: (attemptId) => local.reap(attemptId),
    };
    bench = await openBench(database, { executors: new Map([['local', executor]]) });
  });

  it('never publishes what it made', async () => {
    await bench.write({ 'dvc.yaml': 'stages:\n  a: {cmd: echo > a, outs: [a]}\n' });
    await bench.apply();
    const id = await bench.start();
    await bench.until(async () => {
      const jobs = await bench.database.read.selectFrom('jobs').selectAll().execute();
      return jobs.find((job) => job.kind === 'pipelines.run' && job.finished_at !== null);
    });
    const run = await bench.pipelines.get(id);
    expect(stageOf(run, 'a')).toMatchObject({ status: 'running', attempts: [{ status: 'lost' }] });
    expect(await bench.database.read.selectFrom('stage_results').selectAll().execute()).toEqual([]);
  });
});
