// Pipelines of a checkout that cannot run, or fail.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dvcRepository, lines, type DvcRepository } from '../support/dvc-repository.ts';
import { findDvc } from '../support/python.ts';

let dvcProgram = '';
let repo: DvcRepository;

beforeAll(async () => {
  dvcProgram = await findDvc();
});

beforeEach(() => {
  repo = dvcRepository(dvcProgram);
});

describe('failures', () => {
  function writeFan(): void {
    repo.write(
      'dvc.yaml',
      lines(
        'stages:',
        '  bad: {cmd: echo half > bad; echo why >&2; exit 3, outs: [bad]}',
        '  after: {cmd: cat bad > after, deps: [bad], outs: [after]}',
        '  good: {cmd: echo 1 > good, outs: [good]}',
      ),
    );
  }

  test('stop what has not started, and say why', async () => {
    writeFan();
    const { code, err } = await repo.ours(['repro']);
    expect(code).toBe(1);
    expect(err).toContain('bad failed: it ended with exit code 3: why');
    expect(existsSync(join(repo.root, 'good'))).toBe(false);
    expect(existsSync(join(repo.root, 'dvc.lock'))).toBe(false);
  });

  test('stop only what depends on them, or nothing', async () => {
    writeFan();
    expect(await repo.outcomes('-k')).toEqual({ bad: 'failed', after: 'skipped', good: 'ran' });
    expect(Object.keys((repo.readYaml('dvc.lock') as { stages: object }).stages)).toEqual(['good']);
    expect(await repo.outcomes('--ignore-errors')).toEqual({ bad: 'failed', after: 'ran', good: 'unchanged' });
  });

  test.each([
    [
      'a cycle',
      ['a: {cmd: x, deps: [b], outs: [a]}', 'b: {cmd: x, deps: [a], outs: [b]}'],
      'wait for each other: dvc.yaml:a → dvc.yaml:b → dvc.yaml:a',
    ],
    [
      'two that write one path',
      ['a: {cmd: x, outs: [o]}', 'b: {cmd: x, outs: [o/in]}'],
      "'o/in' of dvc.yaml:b lies in the output 'o'",
    ],
    ['an output outside', ['a: {cmd: x, outs: [../o]}'], 'lies outside the repository'],
    ['an ignored output', ['a: {cmd: x, outs: [o.tmp]}'], 'left out by .dvcignore'],
    ['its own input', ['a: {cmd: x, deps: [o], outs: [o]}'], 'both an input and an output'],
    ['what Git tracks', ['a: {cmd: x, outs: [code.py]}'], "Git tracks 'code.py'"],
  ])('%s is named before anything runs', async (_, stages, words) => {
    repo.write('.dvcignore', '*.tmp\n');
    repo.write('code.py', '1\n');
    repo.git('add', 'code.py');
    repo.write(
      'dvc.yaml',
      lines('stages:', '  first: {cmd: touch first, outs: [first]}', ...stages.map((each) => `  ${each}`)),
    );
    const { code, err, out } = await repo.ours(['repro']);
    expect(code).not.toBe(0);
    expect(out).toBe('');
    expect(err).toContain(words);
    expect(existsSync(join(repo.root, 'first'))).toBe(false);
  });

  test.each([
    ['a missing input', '{cmd: x, deps: [nowhere], outs: [o]}', 'its input nowhere is missing'],
    ['a missing parameter', '{cmd: x, params: [none], outs: [o]}', "'none'"],
    ['an output that was not written', '{cmd: "true", outs: [o]}', 'it did not write its output o'],
    ['a folder that is not there', '{cmd: "true", wdir: w, outs: [o]}', 'does not exist'],
  ])('%s fails the stage', async (_, stage, words) => {
    repo.write('params.yaml', 'a: 1\n');
    repo.write('dvc.yaml', lines('stages:', `  bad: ${stage}`));
    const { code, err } = await repo.ours(['repro']);
    expect(code).toBe(1);
    expect(err).toContain(words);
    expect(existsSync(join(repo.root, 'dvc.lock'))).toBe(false);
  });

  test('files that a command reads and the stage does not declare are named, where it is traced', async () => {
    repo.write(
      'src/main.sh',
      '. ./src/lib.sh; cat src/ü.txt > /dev/null; cat made > o; python3 -c "open(\'undeclared.csv\')" || true\n',
    );
    repo.write('src/lib.sh', 'echo 1 > made\n');
    repo.write('src/ü.txt', 'x\n');
    repo.write('undeclared.csv', 'x\n');
    repo.write('dvc.yaml', lines('stages:', '  a: {cmd: sh src/main.sh, deps: [src/main.sh], outs: [o]}'));
    const { code, out, err } = await repo.ours(['repro', '--trace', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(out) as { notTraced?: string; stages: { undeclared?: string[] }[] };
    if (repo.run('strace', ['-o', '/dev/null', 'true']).code !== 0) {
      expect(report.notTraced).toContain('strace');
      expect(err).toContain('nothing was traced');
      return;
    }
    expect(report.stages[0]?.undeclared).toEqual(['src/lib.sh', 'src/ü.txt', 'undeclared.csv']);
    expect(err).toContain('a read what it does not declare: src/lib.sh, src/ü.txt, undeclared.csv');
  });

  test('what changed while a stage ran is not taken for what it read', async () => {
    repo.write('code.py', 'v1\n');
    repo.write(
      'dvc.yaml',
      lines('stages:', '  a: {cmd: cat code.py > a; echo v2 > code.py, deps: [code.py], outs: [a]}'),
    );
    const { err, code } = await repo.ours(['repro']);
    expect(code).toBe(0);
    expect(err).toContain('code.py changed while the stage ran');
    expect(repo.dvc('status')).toContain('code.py');
  });

  test('files that come into a folder count as the command’s own, as for dvc', async () => {
    repo.write('src/code.py', 'v1\n');
    repo.write(
      'dvc.yaml',
      lines('stages:', '  a: {cmd: echo 1 > src/left-by-the-command; echo 1 > a, deps: [src], outs: [a]}'),
    );
    await repo.repro();
    expect(repo.dvc('status')).toContain('up to date');
  });
});
