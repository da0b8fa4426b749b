// Experiments that Capstan and the real dvc run and bring back in one repository.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { findDvc } from '../support/python.ts';
import { openDvcTwin, type DvcTwin } from '../support/dvc-twin.ts';
import { capstan } from '../support/server.ts';

let program = '';
let twin: DvcTwin;
const who = {
  GIT_AUTHOR_NAME: 'ada',
  GIT_AUTHOR_EMAIL: 'ada@localhost',
  GIT_COMMITTER_NAME: 'ada',
  GIT_COMMITTER_EMAIL: 'ada@localhost',
};

beforeAll(async () => {
  program = await findDvc();
});

beforeEach(() => {
  twin = openDvcTwin(program);
  const { write, dvc, git, commit } = twin;
  git('config', 'user.name', who.GIT_AUTHOR_NAME);
  git('config', 'user.email', who.GIT_AUTHOR_EMAIL);
  write('params.yaml', '# how fast\nlr: 0.1\nname: first\n');
  write('data.csv', '1\n');
  write(
    'dvc.yaml',
    `stages:
  train:
    cmd: cat params.yaml data.csv > model.bin && cp params.yaml m.yaml
    deps: [data.csv]
    params: [lr]
    outs: [model.bin]
    metrics: [m.yaml: {cache: false}]
`,
  );
  dvc('add', '-q', 'data.csv');
  dvc('repro', '-q');
  commit('first');
});

const read = (path: string): string => readFileSync(join(twin.root, path), 'utf8');
const state = (): string => twin.git('status', '--porcelain', '-uall') + read('params.yaml') + read('model.bin');

test('what Capstan keeps, dvc shows and brings back', async () => {
  const before = twin.git('rev-parse', 'HEAD');
  twin.write('notes.txt', 'not for Git\n');
  twin.write('staged.txt', 'staged\n');
  twin.git('add', 'staged.txt');
  const out = await twin.ours('exp', 'run', '-n', 'faster', '-S', 'lr=0.5');
  expect(out).toContain('Kept as faster.');
  expect(read('params.yaml')).toBe('# how fast\nlr: 0.5\nname: first\n');
  expect(twin.git('rev-parse', 'HEAD')).toBe(before);
  expect(twin.git('status', '--porcelain')).toContain('A  staged.txt');
  const kept = twin.git(
    'ls-tree',
    '-r',
    '--name-only',
    `refs/exps/${before.slice(0, 2)}/${before.trim().slice(2)}/faster`,
  );
  expect(
    kept
      .trim()
      .split('\n')
      .toSorted((a, b) => (a < b ? -1 : 1)),
  ).toEqual(
    twin
      .git('ls-files')
      .trim()
      .split('\n')
      .filter((file) => file !== 'staged.txt'),
  );
  const shown = JSON.parse(twin.dvc('exp', 'show', '--json')) as {
    experiments: { name: string; revs: { data: { metrics: unknown } }[] }[] | null;
  }[];
  expect(shown[1]?.experiments?.[0]).toMatchObject({
    name: 'faster',
    revs: [{ data: { metrics: { 'm.yaml': { data: { lr: 0.5, name: 'first' } } } } }],
  });
  twin.git('reset', '-q', '--hard');
  twin.dvc('checkout', '-q', '-f');
  expect(read('model.bin')).toContain('lr: 0.1');
  twin.dvc('exp', 'apply', '-q', 'faster');
  expect(read('model.bin')).toContain('lr: 0.5');
  expect(twin.dvc('status')).toContain('up to date');
});

test('what dvc keeps, Capstan brings back', async () => {
  twin.dvc('exp', 'run', '-q', '-n', 'theirs', '-S', 'lr=0.7');
  twin.git('checkout', '-q', '.');
  twin.dvc('checkout', '-q', '-f');
  expect(await twin.ours('exp', 'apply', 'theirs')).toContain('1 of 2 data paths have changed');
  expect(read('model.bin')).toContain('lr: 0.7');
  expect(read('params.yaml')).toContain('lr: 0.7');
  expect(twin.dvc('status')).toContain('up to date');
  expect(twin.git('branch', '--show-current')).toBe('main\n');
});

test('nothing is lost without --force', async () => {
  await twin.ours('exp', 'run', '-n', 'ours', '-S', 'lr=0.9');
  const dirty = state();
  const refused = await capstan(['exp', 'apply', 'ours'], undefined, twin.root);
  expect(refused).toMatchObject({ code: 5, out: '' });
  expect(refused.err).toContain('not committed');
  expect(state()).toBe(dirty);

  twin.git('checkout', '-q', '.');
  const clean = state();
  // Data that neither Git nor the cache holds: files of Git go back to what they were.
  writeFileSync(join(twin.root, 'data.csv'), 'precious\n');
  const lost = await capstan(['exp', 'apply', 'ours'], undefined, twin.root);
  expect(lost.code).toBe(5);
  expect(lost.err).toContain('would be lost');
  expect(state()).toBe(clean);
  expect(read('data.csv')).toBe('precious\n');
  await twin.ours('exp', 'apply', 'ours', '--force');
  expect(read('data.csv')).toBe('1\n');
  expect(read('params.yaml')).toContain('lr: 0.9');
});

test('a stage that fails leaves no experiment', async () => {
  twin.write('dvc.yaml', 'stages:\n  train:\n    cmd: exit 3\n    params: [lr]\n    outs: [model.bin]\n');
  const failed = await capstan(['exp', 'run', '-n', 'broken', '-S', 'lr=0.2'], undefined, twin.root);
  expect(failed.code).toBe(1);
  expect(failed.err).toContain('no experiment is kept');
  expect(twin.git('for-each-ref', 'refs/exps')).toBe('');
});

test('refusals change nothing', async () => {
  const before = state();
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [['run', '-S', 'lrr=1'], 2, "There is no parameter 'lrr'"],
    [['run', '-S', 'lr=text'], 2, 'cannot become text'],
    [['run', '-S', 'lr'], 2, '-S takes key=value'],
    [['run', '-S', 'lr={a: 1}'], 2, 'a map of them'],
    [['run', '-S', '../x.yaml:a=1'], 2, 'outside the repository'],
    [['run', '-n', 'a/b'], 2, 'cannot be the name'],
    [['run', '-n', '..'], 2, 'cannot be the name'],
    [['apply', 'nowhere'], 3, "There is no revision 'nowhere'"],
  ];
  for (const [args, code, words] of cases) {
    const refused = await capstan(['exp', ...args], undefined, twin.root);
    expect(refused, args.join(' ')).toMatchObject({ code, out: '' });
    expect(refused.err).toContain(words);
    expect(state()).toBe(before);
  }
});

test('a name is taken once, unless it is said to be put in its place', async () => {
  await twin.ours('exp', 'run', '-n', 'one', '-S', 'lr=0.2');
  const again = await capstan(['exp', 'run', '-n', 'one', '-S', 'lr=0.3'], undefined, twin.root);
  expect(again).toMatchObject({ code: 5, out: '' });
  await twin.ours('exp', 'run', '-n', 'one', '-S', 'lr=0.3', '--force');
  const { name } = JSON.parse((await capstan(['exp', 'run', '-S', 'lr=0.4', '--json'], undefined, twin.root)).out) as {
    name: string;
  };
  expect(name).toMatch(/^[a-z]+-[a-z]+$/);
  expect((await twin.ours('exp', 'show', '--csv')).split('\n').map((line) => line.split(',')[0])).toEqual(
    expect.arrayContaining(['one', name]),
  );
});
