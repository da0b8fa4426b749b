import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { isRunning } from '#ports/executor.contract';
import { FILES, logOf, openBench, stageOf, whyOf, type Bench } from './testing.ts';

describeDatabases('the end of a pipeline run', (open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(await open());
    await bench.write(FILES);
    await bench.apply();
  });

  it('fails with the exit code and the end of the log, and runs nothing after it', async () => {
    await bench.write({ 'prepare.py': 'print("\\n".join(f"line {i}" for i in range(50)))\nraise SystemExit(7)\n' });
    const run = await bench.run();
    expect(run.status).toBe('failed');
    expect(run.reason).toMatch(/^The stage 'prepare' failed: it ended with exit code 7:\nline 30\n/);
    expect(run.reason?.endsWith('\nline 49')).toBe(true);
    expect(run.stages.map((stage) => stage.status)).toEqual(['failed', 'skipped']);
    const attempt = stageOf(run, 'prepare').attempts[0];
    expect(attempt).toMatchObject({ status: 'failed', exitCode: 7 });
    expect((await bench.experiments.getRun(attempt?.runId ?? '')).status).toBe('FAILED');
    expect(await logOf(bench, run, 'prepare')).toContain('line 0\n');
    // A failure is not remembered as a result.
    expect(whyOf(await bench.run())[0]).toEqual(['prepare', 'failed', false, ['first-run']]);
  });

  it('stops at the first line of a command that fails, each line in a shell of its own', async () => {
    await bench.write({
      'dvc.yaml':
        'stages:\n  a:\n    cmd: |\n      x=1; cd /; pwd\n      echo "x=$x"; pwd\n      false\n      echo never\n',
    });
    const run = await bench.run();
    expect(run.status).toBe('failed');
    const folder = bench.workspace(run);
    expect(await logOf(bench, run, 'a')).toBe(`> x=1; cd /; pwd\n/\n> echo "x=$x"; pwd\nx=\n${folder}\n> false\n`);
  });

  it.each([
    ['did not write all of its outputs', 'cmd: "true"', 'outs: [o]'],
    ['metrics', 'cmd: echo broken > m.json', 'metrics: [m.json]'],
    ["Parameters 'gone' are missing", 'cmd: "true"', 'params: [gone]'],
    ['does not exist', 'cmd: "true"', 'wdir: nowhere'],
  ])('fails a stage that %s', async (reason, ...lines) => {
    await bench.write({ 'dvc.yaml': `stages:\n  a:\n    ${lines.join('\n    ')}\n` });
    const run = await bench.run();
    expect(run.status).toBe('failed');
    expect(run.reason).toContain(reason === 'metrics' ? 'm.json' : reason);
    expect(run.stages[0]?.status).toBe('failed');
  });

  it('fails before anything runs when nothing provides what a stage reads', async () => {
    await rm(join(bench.project, 'in.txt'));
    const run = await bench.run();
    expect(run).toMatchObject({
      status: 'failed',
      reason: "The stage 'prepare' reads 'in.txt', which neither the project nor a stage provides",
    });
    expect(run.stages.map((stage) => stage.status)).toEqual(['skipped', 'skipped']);
  });

  it('ends a stage that takes too long, with all it has started', async () => {
    await bench.write({ 'dvc.yaml': 'stages:\n  a:\n    cmd: echo $$ > pid; (sleep 600 & echo $! > child; wait)\n' });
    const run = await bench.run({ stageTimeoutMs: 1_000 });
    expect(run.status).toBe('failed');
    expect(run.reason).toContain('it was still running after 1 s and was ended');
    expect(run.stages[0]?.attempts[0]?.status).toBe('timed-out');
    const child = Number(await readFile(join(bench.workspace(run), 'child'), 'utf8'));
    expect(await isRunning(child)).toBe(false);
  });

  it('leaves no process behind that a stage has put into the background', async () => {
    await bench.write({
      'dvc.yaml': 'stages:\n  a:\n    cmd: setsid sleep 600 & echo $! > child\n    outs: [child]\n',
    });
    const run = await bench.run();
    expect(run.status).toBe('succeeded');
    expect(await isRunning(Number(await readFile(join(bench.workspace(run), 'child'), 'utf8')))).toBe(false);
  });

  it('can be cancelled while a stage runs', async () => {
    await bench.write({
      'dvc.yaml': 'stages:\n  a:\n    cmd: echo begun; sleep 600\n    outs: [o]\n  b: {cmd: echo never, deps: [o]}\n',
    });
    const id = await bench.start();
    await bench.until(async () => (await bench.pipelines.get(id)).stages[0]?.attempts[0]);
    await bench.pipelines.cancel(id, { actor: 'person' });
    const run = await bench.ended(id);
    expect(run).toMatchObject({ status: 'cancelled', reason: null, isCancelRequested: true });
    expect(run.stages.map((stage) => stage.status)).toEqual(['cancelled', 'skipped']);
    const attempt = run.stages[0]?.attempts[0];
    expect(attempt?.status).toBe('cancelled');
    expect((await bench.experiments.getRun(attempt?.runId ?? '')).status).toBe('KILLED');
    // Again, it is as it is.
    expect((await bench.pipelines.cancel(id, { actor: 'person' })).status).toBe('cancelled');
  });

  it('can be cancelled before it has begun', async () => {
    await bench.runner.stop(0);
    const id = await bench.start();
    await bench.pipelines.cancel(id, { actor: 'person' });
    expect(await bench.pipelines.get(id)).toMatchObject({
      status: 'cancelled',
      stages: [{ status: 'skipped' }, { status: 'skipped' }],
    });
    const types = (await bench.events.list({ subject: `pipeline-run:${id}`, limit: 10 })).map((fact) => fact.type);
    expect(types).toEqual(['pipeline-run.started', 'pipeline-run.cancel-requested', 'pipeline-run.ended']);
  });

  it('cannot be cancelled once it has ended', async () => {
    const { id } = await bench.run();
    await expect(bench.pipelines.cancel(id, { actor: 'person' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
