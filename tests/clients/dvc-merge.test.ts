// Branches of a pipeline, merged by Git with Capstan as the driver of dvc.lock, and what the real dvc says afterwards.
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { dvcRepository, type DvcRepository } from '../support/dvc-repository.ts';
import { findDvc } from '../support/python.ts';
import { program } from '../support/server.ts';

let dvcProgram = '';
let repo: DvcRepository;

beforeAll(async () => {
  dvcProgram = await findDvc();
});

beforeEach(async () => {
  repo = dvcRepository(dvcProgram);
  const stage = (name: string): string =>
    `  ${name}:\n    cmd: echo ran >> ran-${name} && cp ${name}.in ${name}.out\n    deps: [${name}.in]\n    outs: [${name}.out]\n`;
  repo.write('dvc.yaml', `stages:\n${stage('a')}${stage('b')}`);
  repo.write('a.in', '1\n');
  repo.write('b.in', '1\n');
  repo.write('.gitignore', 'ran-*\n');
  repo.write('.gitattributes', 'dvc.lock merge=dvc-lock\n');
  repo.git('config', 'merge.dvc-lock.driver', `${process.execPath} ${program} merge-driver %O %A %B %P`);
  await reproduced('main');
});

async function reproduced(message: string): Promise<void> {
  const { code, err } = await repo.ours(['repro']);
  expect(code, err).toBe(0);
  repo.git('add', '-A');
  repo.git('commit', '-qm', message);
}

async function onBranch(name: string, change: () => void): Promise<void> {
  repo.git('checkout', '-qb', name);
  change();
  await reproduced(name);
  repo.git('checkout', '-q', '-');
  expect((await repo.ours(['checkout'])).code).toBe(0);
}

const timesRun = (stage: string): number => repo.read(`ran-${stage}`).split('\n').length - 1;

test('stages that different branches ran stand beside each other, and nothing is to do', async () => {
  await onBranch('other', () => repo.write('a.in', '2\n'));
  repo.write('b.in', '3\n');
  await reproduced('here');
  repo.git('merge', '-q', '-m', 'merge', 'other');
  expect((await repo.ours(['checkout'])).code).toBe(0);
  expect([repo.read('a.out'), repo.read('b.out')]).toEqual(['2\n', '3\n']);
  expect(repo.dvc('status')).toContain('Data and pipelines are up to date.');
});

test('a stage that both ran is brought back from the run cache, once it is decided what it reads', async () => {
  await onBranch('other', () => repo.write('a.in', '2\n'));
  repo.write('a.in', '3\n');
  await reproduced('here');
  const { code, out } = repo.run('git', ['merge', '-m', 'merge', 'other']);
  expect(code).toBe(1);
  expect(out).toContain('dvc.lock: both sides ran a, each otherwise; run: capstan repro');
  expect(out).toContain('Merge conflict in a.in');
  expect(out).not.toContain('Merge conflict in dvc.lock');
  repo.git('checkout', '--theirs', 'a.in');
  const before = timesRun('a');
  await reproduced('merged');
  expect(repo.read('a.out')).toBe('2\n');
  expect(timesRun('a')).toBe(before);
  expect(repo.dvc('status')).toContain('Data and pipelines are up to date.');
});

test('how Git is told is printed, and does what it says', async () => {
  const { out, code } = await repo.ours(['merge-driver']);
  expect(code).toBe(0);
  repo.git('config', '--remove-section', 'merge.dvc-lock');
  repo.write('.gitattributes', '');
  expect(repo.run('sh', ['-c', out]).code).toBe(0);
  expect(repo.git('config', 'merge.dvc-lock.driver')).toBe('capstan merge-driver %O %A %B %P\n');
  expect(repo.read('.gitattributes')).toBe('dvc.lock merge=dvc-lock\n');
});
