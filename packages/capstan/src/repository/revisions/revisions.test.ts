import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig, rootIgnoreRules } from '#protocols/dvc';
import { openRevisions, type Revisions } from './revisions.ts';
import { readStateText } from './state.ts';
import { readTracked } from './tracked.ts';

let root = '';
let open: Revisions[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'capstan-revisions-'));
  git('init', '-q', '-b', 'main');
});
afterEach(async () => {
  for (const revisions of open) await revisions.close();
  open = [];
  rmSync(root, { recursive: true });
});

function git(...args: readonly string[]): string {
  return gitIn(root, ...args);
}

function gitIn(folder: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...who, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function commit(message: string): string {
  git('add', '-A');
  git('commit', '-qm', message);
  return git('rev-parse', 'HEAD');
}

function revisionsOf(folder = root, isInGit = true): Revisions {
  const revisions = openRevisions({ root: folder, config: readConfig([]), isInGit });
  open.push(revisions);
  return revisions;
}

describe('the files of a revision', () => {
  test('are those of its commit, whatever lies in the checkout', async () => {
    write('a.txt', 'one\n');
    write('deep/er/b.bin', 'x\0y'.repeat(50_000));
    write('ü/name with space', 'odd');
    const first = commit('first');
    write('a.txt', 'two\n');
    rmSync(join(root, 'deep'), { recursive: true });
    const revisions = revisionsOf();
    const before = await revisions.at('HEAD');
    expect(before).toMatchObject({ name: 'HEAD', commit: first });
    expect(await readStateText(before, 'a.txt')).toBe('one\n');
    expect((await before.read('deep/er/b.bin'))?.length).toBe(150_000);
    expect(await readStateText(before, 'ü/name with space')).toBe('odd');
    expect(await before.read('deep')).toBeUndefined();
    expect(await before.read('a.txt/b')).toBeUndefined();
    expect((await before.list('')).toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'a.txt', isFolder: false },
      { name: 'deep', isFolder: true },
      { name: 'ü', isFolder: true },
    ]);
    const now = await revisions.at('workspace');
    expect(now).toMatchObject({ name: 'workspace', commit: undefined });
    expect(await readStateText(now, 'a.txt')).toBe('two\n');
    expect(await now.list('deep')).toEqual([]);
    expect(await now.read('ü')).toBeUndefined();
  });

  test('many are read at once, each gets its own', async () => {
    for (let index = 0; index < 300; index++) write(`many/${index}`, `${index}`.repeat(index));
    commit('many');
    const state = await revisionsOf().at('main');
    const texts = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => await readStateText(state, `many/${index}`)),
    );
    expect(texts).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`.repeat(index)));
  });

  test('links are followed inside, and nowhere else', async () => {
    write('data/values.yaml', 'a: 1\n');
    symlinkSync('data/values.yaml', join(root, 'link'));
    symlinkSync('../link', join(root, 'data/back'));
    symlinkSync('/etc/hostname', join(root, 'away'));
    symlinkSync('/data/values.yaml', join(root, 'absolute'));
    symlinkSync('../outside', join(root, 'above'));
    symlinkSync('round', join(root, 'round'));
    commit('links');
    const state = await revisionsOf().at('HEAD');
    expect(await readStateText(state, 'link')).toBe('a: 1\n');
    expect(await readStateText(state, 'data/back')).toBe('a: 1\n');
    for (const path of ['away', 'absolute', 'above', 'round']) expect(await state.read(path), path).toBeUndefined();
  });

  test('of a project in a folder of a larger repository', async () => {
    write('project/params.yaml', 'a: 1\n');
    write('other', '');
    commit('first');
    const revisions = revisionsOf(join(root, 'project'));
    const state = await revisions.at('HEAD');
    expect(await state.list('')).toEqual([{ name: 'params.yaml', isFolder: false }]);
    expect(await readStateText(state, 'params.yaml')).toBe('a: 1\n');
  });

  test('are known by equal ids where they are equal', async () => {
    write('a', 'same');
    write('b', 'other');
    commit('first');
    write('b', 'changed');
    commit('second');
    const revisions = revisionsOf();
    const [before, after] = [await revisions.at('HEAD~1'), await revisions.at('HEAD')];
    expect(await before.idOf('a')).toBe(await after.idOf('a'));
    expect(await before.idOf('b')).not.toBe(await after.idOf('b'));
  });
});

describe('choosing revisions', () => {
  beforeEach(() => {
    write('a', '1');
    commit('first');
    git('tag', 'v1');
    git('tag', '-a', 'v1-noted', '-m', 'a note');
    git('tag', 'of-a-file', 'HEAD:a');
    git('switch', '-qc', 'feature/x');
    write('a', '2');
    commit('second');
    git('switch', '-q', 'main');
    write('a', '3');
    commit('third');
  });

  test('by name, branch, tag and all of them, each commit once', async () => {
    const [first, second, third] = ['v1', 'feature/x', 'main'].map((name) => git('rev-parse', name));
    const revisions = revisionsOf();
    expect(await revisions.choose(['HEAD'], { allBranches: true, allTags: true })).toEqual([
      { commit: third, names: ['HEAD', 'main'] },
      { commit: second, names: ['feature/x'] },
      { commit: first, names: ['v1', 'v1-noted'] },
    ]);
    const all = await revisions.choose([], { allCommits: true });
    expect(new Set(all.map(({ commit: id }) => id))).toEqual(new Set([first, second, third]));
    expect(all).toHaveLength(3);
    expect(await revisions.head()).toBe(third);
    expect(await revisions.branch()).toBe('main');
  });

  test('a commit that no branch holds is one of all while it is checked out', async () => {
    git('switch', '-q', '--detach');
    write('a', '4');
    const detached = commit('fourth');
    const all = await revisionsOf().choose([], { allCommits: true });
    expect(all.map(({ commit: id }) => id)).toContain(detached);
  });

  test('an experiment of dvc is known by its name', async () => {
    const baseline = git('rev-parse', 'HEAD');
    git('update-ref', `refs/exps/${baseline.slice(0, 2)}/${baseline.slice(2)}/bold-name`, 'feature/x');
    expect(await revisionsOf().resolve('bold-name')).toBe(git('rev-parse', 'feature/x'));
  });

  test.each([
    ['mian', 'Did you mean main?'],
    ['nothing-like-it', 'Branches and tags: feature/x, main, of-a-file, v1, v1-noted.'],
    ['--all', 'Branches and tags'],
    ['x blob 12', 'Branches and tags'],
    ['of-a-file', 'Did you mean'],
    ['', 'Did you mean v1?'],
    ['a\nb', 'Branches and tags'],
  ])('there is no %j', async (name, hint) => {
    const revisions = revisionsOf();
    await expect(revisions.resolve(name)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining(hint) as string,
    });
    // The reader still answers.
    expect(await revisions.resolve('v1')).toBe(git('rev-parse', 'v1'));
  });

  test('digits that begin several ids are told so', async () => {
    const tree = git('rev-parse', 'HEAD^{tree}');
    const who = 'ada <ada@localhost> 0 +0000';
    const commitOf = (index: number): string => `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${index}`;
    const taken = new Map<string, number>();
    let twins: number[] = [];
    for (let index = 0; twins.length === 0; index++) {
      const text = commitOf(index);
      const id = createHash('sha1').update(`commit ${text.length}\0${text}`).digest('hex');
      const before = taken.get(id.slice(0, 4));
      if (before !== undefined) twins = [before, index];
      taken.set(id.slice(0, 4), index);
    }
    const [id = ''] = twins.map((index) =>
      execFileSync('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], {
        cwd: root,
        input: commitOf(index),
      }).toString(),
    );
    await expect(revisionsOf().resolve(id.slice(0, 4))).rejects.toMatchObject({
      message: `'${id.slice(0, 4)}' may be several revisions`,
      hint: 'Write more of its digits.',
    });
  });
});

describe('refusals', () => {
  test('no Git', () => {
    expect(() => revisionsOf(root, false)).toThrow('Git does not keep');
  });

  test('nothing committed', async () => {
    const revisions = revisionsOf();
    expect(await revisions.head()).toBeUndefined();
    expect(await revisions.choose([], { allCommits: true, allBranches: true })).toEqual([]);
    await expect(revisions.resolve('HEAD')).rejects.toThrow('nothing has been committed yet');
  });

  test('a shallow clone says what it lacks', async () => {
    write('a', '1');
    commit('first');
    write('a', '2');
    commit('second');
    expect(await revisionsOf().isShallow()).toBe(false);
    const clone = join(root, 'clone');
    gitIn(root, 'clone', '-q', '--depth', '1', `file://${root}`, clone);
    const revisions = revisionsOf(clone);
    expect(await revisions.isShallow()).toBe(true);
    await expect(revisions.resolve('HEAD~1')).rejects.toMatchObject({
      hint: expect.stringContaining('git fetch --unshallow') as string,
    });
  });

  test('no git on the PATH', async () => {
    write('a', '1');
    commit('first');
    const path = process.env['PATH'];
    process.env['PATH'] = join(root, 'nothing');
    try {
      const revisions = revisionsOf();
      await expect(revisions.at('HEAD')).rejects.toMatchObject({
        code: 'NOT_FOUND',
        hint: 'Install git and put it on the PATH.',
      });
    } finally {
      process.env['PATH'] = path;
    }
  });

  test('a repository that git cannot read', async () => {
    write('a', '1');
    commit('first');
    writeFileSync(join(root, '.git/config'), '[core\n');
    await expect(revisionsOf().at('HEAD')).rejects.toThrow('git: bad config');
  });
});

describe('what a state tracks', () => {
  const md5 = 'b1946ac92492d2347c6235b4d2611184';

  test('data files and pipelines with their locks, in any state', async () => {
    write('data/raw.csv.dvc', `outs:\n- md5: ${md5}\n  size: 6\n  hash: md5\n  path: raw.csv\n`);
    write('train/params.yaml', 'name: model\n');
    write(
      'train/dvc.yaml',
      'stages:\n  fit:\n    cmd: fit\n    outs: ["${name}.bin"]\n    metrics: [m.json: {cache: false}]\n',
    );
    write(
      'train/dvc.lock',
      `schema: '2.0'\nstages:\n  fit:\n    cmd: fit\n    outs:\n    - path: model.bin\n      hash: md5\n      md5: ${md5}\n      size: 6\n      isexec: true\n`,
    );
    write('.dvcignore', '/ignored\n');
    write('ignored/x.dvc', 'not read');
    write('inner/.dvc/config', '');
    write('inner/y.dvc', 'not read');
    commit('first');
    write('train/params.yaml', 'name: other\n');
    const revisions = revisionsOf();
    const before = await readTracked(await revisions.at('HEAD'), rootIgnoreRules());
    expect(before.outputs).toEqual([
      {
        file: 'data/raw.csv.dvc',
        path: 'data/raw.csv',
        kind: 'data',
        md5,
        scheme: 'md5',
        sizeBytes: 6,
        isExecutable: false,
        isCached: true,
        isPushed: true,
        isImport: false,
      },
      expect.objectContaining({ path: 'train/m.json', kind: 'metrics', md5: undefined, isCached: false }),
      expect.objectContaining({
        path: 'train/model.bin',
        stage: 'fit',
        file: 'train/dvc.yaml',
        md5,
        isExecutable: true,
      }),
    ]);
    const now = await readTracked(await revisions.at('workspace'), rootIgnoreRules());
    expect(now.outputs.map(({ path }) => path)).toEqual(['data/raw.csv', 'train/m.json', 'train/other.bin']);
  });

  test('a broken file is named with its revision and place', async () => {
    write('sub/dvc.yaml', 'stages:\n  a:\n    cmd: x\n    vars: [nowhere.yaml]\n');
    commit('first');
    const state = await revisionsOf().at('main');
    await expect(readTracked(state, rootIgnoreRules())).rejects.toThrow('main:sub/nowhere.yaml cannot be read');
    write('sub/dvc.yaml', 'stages:\n  a:\n    cmdd: x\n');
    commit('second');
    await expect(readTracked(await revisionsOf().at('main'), rootIgnoreRules())).rejects.toThrow(
      'main:sub/dvc.yaml:3:5',
    );
  });

  test('in a folder that may not be read', async () => {
    write('closed/x.dvc', 'outs: []\n');
    commit('first');
    chmodSync(join(root, 'closed'), 0o000);
    try {
      const now = await revisionsOf().at('workspace');
      if (process.getuid?.() !== 0) await expect(now.list('closed')).rejects.toThrow('EACCES');
    } finally {
      chmodSync(join(root, 'closed'), 0o755);
    }
  });
});
