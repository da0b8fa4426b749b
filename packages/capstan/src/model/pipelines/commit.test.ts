import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { FILES, logOf, openBench, stageOf, whyOf, type Bench } from './testing.ts';

describeDatabases('a run from a commit', (open) => {
  let bench: Bench;
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      cwd: bench.project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  beforeEach(async () => {
    bench = await openBench(await open());
    await bench.write(FILES);
    await bench.apply();
  });

  describe('of a repository', () => {
    let first = '';
    beforeEach(async () => {
      git('init', '-q', '-b', 'main');
      git('add', '.');
      git('commit', '-qm', 'one');
      first = git('rev-parse', 'HEAD');
      git('tag', 'v1');
      await bench.write({ 'in.txt': '7\n', 'extra.txt': 'x' });
      git('add', '.');
      git('commit', '-qm', 'two');
      await bench.write({ 'in.txt': '8\n' });
      git('add', 'in.txt');
      await bench.write({ 'in.txt': '9\n' });
    });

    it('has the files of the commit, and leaves checkout and index as they are', async () => {
      const before = [git('status', '--porcelain=v2', '--branch'), git('diff'), git('diff', '--cached')];
      const run = await bench.run({ commit: 'v1' });
      expect(run).toMatchObject({ status: 'succeeded', fromCommit: first, gitCommit: first });
      expect(await logOf(bench, run, 'train')).toContain('trained on 2 4 6');
      expect(await readdir(bench.workspace(run))).not.toContain('extra.txt');
      expect([git('status', '--porcelain=v2', '--branch'), git('diff'), git('diff', '--cached')]).toEqual(before);
      expect(await readFile(join(bench.project, 'in.txt'), 'utf8')).toBe('9\n');
      expect((await readdir(join(bench.data, 'workspaces'))).filter((name) => name.startsWith('.'))).toEqual([]);
      // Without one, it is the folder as it is.
      const now = await bench.run();
      expect(now).toMatchObject({ fromCommit: null, gitCommit: git('rev-parse', 'HEAD') });
      expect(await logOf(bench, now, 'train')).toContain('trained on 18');
    });

    it('is refused for a commit that is not there, with how to get it', async () => {
      await expect(bench.start({ commit: 'v2' })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'commit',
        message: "The repository of the project has no commit 'v2'",
        hint: expect.stringContaining('fetch'),
      });
      await expect(bench.start({ commit: '--help' })).rejects.toMatchObject({ field: 'commit' });
      expect((await bench.pipelines.list({ limit: 1 })).items).toEqual([]);
    });

    it('is tried anew from a stage on, with what it was given', async () => {
      const run = await bench.run({ commit: 'v1', params: { 'params.yaml': { factor: 5 } } });
      const { id } = await bench.pipelines.retry({ run: run.id, from: 'train', cause: { actor: 'person' } });
      const again = await bench.ended(id);
      expect(again).toMatchObject({
        status: 'succeeded',
        fromCommit: first,
        params: run.params,
        retryOf: run.id,
        forcedFrom: 'train',
        number: 2,
      });
      expect(whyOf(again)).toEqual([
        ['prepare', 'succeeded', true, ['same']],
        ['train', 'succeeded', false, ['forced']],
      ]);
      expect(stageOf(again, 'train').why[0]?.text).toBe('a run anew from train on was asked for');
      const all = await bench.pipelines.retry({ run: id, from: 'prepare', cause: { actor: 'person' } });
      expect(whyOf(await bench.ended(all.id)).map((row) => (row as unknown[])[3])).toEqual([['forced'], ['forced']]);
    });
  });

  it('is refused outside of a repository', async () => {
    await expect(bench.start({ commit: 'HEAD' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'commit',
      message: expect.stringContaining('is in no Git repository'),
    });
  });

  it('is not tried anew while it goes on, nor from a stage that there is not', async () => {
    const run = await bench.run();
    const cause = { actor: 'person' };
    await expect(bench.pipelines.retry({ run: run.id, from: 'trian', cause })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'from',
      hint: 'Did you mean train?',
    });
    await expect(bench.pipelines.retry({ run: 'pr_none', cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await bench.runner.stop(0);
    await expect(bench.pipelines.retry({ run: await bench.start(), cause })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });
});
