import { beforeEach, expect, it } from 'vitest';
import { createExecutorLocal } from '#adapters/executor-local';
import { describeDatabases } from '#database/testing';
import type { Executor } from '#ports/executor';
import { FILES, openBench, stageOf, type Bench } from './testing.ts';

/** This machine under another name, which remembers what it was asked. */
function elsewhere(): Executor & { readonly started: string[]; readonly reaped: string[] } {
  const local = createExecutorLocal({ reapGraceMs: 200 });
  const started: string[] = [];
  const reaped: string[] = [];
  return {
    started,
    reaped,
    async start(spec) {
      started.push(spec.attemptId);
      return await local.start(spec);
    },
    async reap(attemptId) {
      reaped.push(attemptId);
      await local.reap(attemptId);
    },
  };
}

describeDatabases('the executor of a pipeline', (open) => {
  let bench: Bench;
  let other: ReturnType<typeof elsewhere>;
  beforeEach(async () => {
    other = elsewhere();
    const executors = new Map<string, Executor>([
      ['local', createExecutorLocal({ reapGraceMs: 200 })],
      ['elsewhere', other],
    ]);
    bench = await openBench(await open(), { executors });
    await bench.write(FILES);
  });

  it('is the one that capstan.yaml names', async () => {
    await bench.apply('pipeline: dvc.yaml\nexecutor: elsewhere\n');
    const run = await bench.run();
    expect(run).toMatchObject({ status: 'succeeded', executor: 'elsewhere' });
    expect(other.started).toEqual(['prepare', 'train'].map((name) => stageOf(run, name).attempts[0]?.id));
  });

  it('is this machine where it names none', async () => {
    await bench.apply();
    expect(await bench.run()).toMatchObject({ status: 'succeeded', executor: 'local' });
    expect(other.started).toEqual([]);
  });

  it('is refused by name, with those there are', async () => {
    await bench.apply('pipeline: dvc.yaml\nexecutor: elsewere\n');
    await expect(bench.start()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'executor',
      message: expect.stringContaining("'elsewere'"),
      hint: expect.stringMatching(/Did you mean elsewhere\? There is local, elsewhere\./),
    });
  });
});
