import { existsSync } from 'node:fs';
import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, expect, it } from 'vitest';
import type { PipelineRun } from '@capstan/api';
import { describeDatabases } from '#database/testing';
import { FILES, logOf, openBench, stageOf, type Bench } from './testing.ts';

describeDatabases('a pipeline run', (open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(await open());
    await bench.write(FILES);
    await bench.apply();
  });

  it('runs stages in order, tracks each attempt as a run, and tells every step', async () => {
    const run = await bench.run();
    expect(run).toMatchObject({ status: 'succeeded', phase: 'ended', reason: null, number: 1, actor: 'test' });
    expect(run.stages.map((stage) => [stage.name, stage.status, stage.after])).toEqual([
      ['prepare', 'succeeded', []],
      ['train', 'succeeded', ['prepare']],
    ]);
    const train = stageOf(run, 'train');
    expect(train.attempts).toMatchObject([
      { number: 1, status: 'succeeded', exitCode: 0, signal: null, runId: train.runId },
    ]);
    expect(train.attempts[0]?.durationMs).toBeGreaterThan(0);

    const tracked = await bench.experiments.getRun(train.runId ?? '');
    expect(tracked).toMatchObject({ status: 'FINISHED', name: 'train-1', userId: 'test' });
    const tags = Object.fromEntries(tracked.tags.map(({ key, value }) => [key, value]));
    expect(tags).toMatchObject({
      'capstan.pipeline_run': run.id,
      'capstan.stage': 'train',
      'capstan.attempt': train.attempts[0]?.id,
      'capstan.code': run.codeDigest,
      'capstan.environment': run.environmentKey,
      'mlflow.source.name': 'shop/dvc.yaml',
      'mlflow.source.type': 'PROJECT',
    });
    const metrics = Object.fromEntries(tracked.metrics.map(({ key, value }) => [key, value]));
    expect(metrics).toMatchObject({ loss: 0.5, 'by.auc': 0.75 });
    expect(metrics['system/duration_seconds']).toBeGreaterThan(0);
    const prepared = await bench.experiments.getRun(stageOf(run, 'prepare').runId ?? '');
    expect(prepared.params).toEqual([{ key: 'factor', value: '2' }]);

    const types = (await bench.events.list({ subject: `pipeline-run:${run.id}`, limit: 100 })).map((fact) => fact.type);
    expect(types).toEqual([
      'pipeline-run.started',
      'stage-attempt.started',
      'stage-attempt.ended',
      'stage-attempt.started',
      'stage-attempt.ended',
      'pipeline-run.ended',
    ]);
    const [end] = await bench.events.list({ type: 'pipeline-run.ended', limit: 1 });
    expect(end?.payload).toMatchObject({
      outcome: 'succeeded',
      runIds: run.stages.map((stage) => stage.runId),
      modelVersions: [],
    });
  });

  it('gives a command its own environment and nothing of the server’s', async () => {
    process.env['CAPSTAN_TEST_SECRET'] = 'not for stages';
    const run = await bench.run();
    delete process.env['CAPSTAN_TEST_SECRET'];
    const lines = (await logOf(bench, run, 'train')).split('\n');
    const names = lines.filter((line) => /^[A-Z_]+=/.test(line)).map((line) => line.split('=')[0]);
    expect(names.filter((name) => name !== 'PWD' && name !== 'OLDPWD' && name !== 'SHLVL' && name !== '_')).toEqual([
      'CAPSTAN_ATTEMPT_ID',
      'DVC_ROOT',
      'DVC_STAGE',
      'HOME',
      'LANG',
      'MLFLOW_EXPERIMENT_NAME',
      'MLFLOW_RUN_ID',
      'MLFLOW_TRACKING_URI',
      'PATH',
      'PYTHONDONTWRITEBYTECODE',
      'PYTHONUNBUFFERED',
      'VIRTUAL_ENV',
    ]);
    expect(lines).toContain(`MLFLOW_RUN_ID=${stageOf(run, 'train').runId}`);
    expect(lines).toContain('MLFLOW_EXPERIMENT_NAME=shop');
    expect(lines[0]).toBe('> sh train.sh');
    expect(lines).toContain('trained on 2 4 6');
  });

  it('keeps the log as an artifact, and not as a file besides', async () => {
    const run = await bench.run();
    const { id, runId } = stageOf(run, 'train').attempts[0] ?? {};
    const file = await bench.experiments.findArtifact({ kind: 'run', id: runId ?? '' }, 'log.txt');
    expect(await text(await bench.experiments.readArtifact(file))).toBe(await logOf(bench, run, 'train'));
    expect(existsSync(join(bench.data, 'logs', `${id}.log`))).toBe(false);
  });

  it('gives a piece of a log from any offset, while it is written too', async () => {
    await bench.write({ 'dvc.yaml': "stages:\n  a:\n    cmd: printf 'é😀é'; sleep 600\n" });
    const id = await bench.start();
    const attempt = await bench.until(async () => (await bench.pipelines.get(id)).stages[0]?.attempts[0]?.id);
    const command = "> printf 'é😀é'; sleep 600\n";
    const size = Buffer.byteLength(`${command}é😀é`);
    const log = await bench.until(async () => {
      const piece = await bench.pipelines.attemptLog(attempt, { offset: 0, limitBytes: 10_000 });
      return piece.sizeBytes === size ? piece : undefined;
    });
    expect(log).toEqual({ text: `${command}é😀é`, offset: 0, nextOffset: size, sizeBytes: size, isComplete: false });
    // Piece by piece, cut where it may be: no character is lost or broken.
    let whole = '';
    for (let offset = 0; offset < size;) {
      const piece = await bench.pipelines.attemptLog(attempt, { offset, limitBytes: 5 });
      whole += piece.text;
      offset = piece.nextOffset;
    }
    expect(whole).toBe(log.text);
    expect((await bench.pipelines.attemptLog(attempt, { offset: -2, limitBytes: 10 })).text).toBe('é');
    await bench.pipelines.cancel(id, { actor: 'person' });
    await bench.ended(id);
    expect((await bench.pipelines.attemptLog(attempt, { offset: -6, limitBytes: 10 })).text).toBe('😀é');
    await expect(bench.pipelines.attemptLog('sa_none', { offset: 0, limitBytes: 1 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('copies code, and neither data nor what running and installing leave', async () => {
    await bench.write({
      'dvc.yaml': 'stages:\n  a:\n    cmd: touch files.txt; find . | sort > files.txt\n    outs: [files.txt]\n',
      'data/raw.csv': 'x',
      'work/try.txt': 'x',
      '.git/HEAD': 'x',
      '.dvc/cache/files/md5/aa/bb': 'x',
      '.dvc/config.local': 'secret',
      '.dvc/config': '[core]\n',
      'venv/pyvenv.cfg': 'x',
      'venv/lib/x.py': 'x',
      'src/__pycache__/m.pyc': 'x',
      'src/data/keep.py': 'x',
      'files.txt': 'old',
    });
    await symlink('src/data/keep.py', join(bench.project, 'link.py'));
    await chmod(join(bench.project, 'train.sh'), 0o755);
    const run = await bench.run();
    const folder = bench.workspace(run);
    const files = (await readFile(join(folder, 'files.txt'), 'utf8'))
      .split('\n')
      .filter((line) => !line.startsWith('./.dvc/'));
    expect(files.filter(Boolean)).toEqual([
      '.',
      './.capstan-workspace.json',
      './.dvc',
      './dvc.yaml',
      './files.txt',
      './in.txt',
      './link.py',
      './params.yaml',
      './prepare.py',
      './src',
      './src/data',
      './src/data/keep.py',
      './train.sh',
    ]);
    expect(await readFile(join(folder, '.dvc/config.local'), 'utf8')).not.toContain('secret');
    expect((await stat(join(folder, 'train.sh'))).mode & 0o111).not.toBe(0);
  });

  it('keeps the workspaces of the last runs only', async () => {
    await bench.write({ 'dvc.yaml': 'stages:\n  a: {cmd: "true"}\n' });
    const runs: PipelineRun[] = [];
    for (let count = 0; count < 5; count++) runs.push(await bench.run());
    await bench.until(async () => (existsSync(bench.workspace(runs[1] as PipelineRun)) ? undefined : true));
    expect(runs.map((run) => existsSync(bench.workspace(run)))).toEqual([false, false, true, true, true]);
  });
});
