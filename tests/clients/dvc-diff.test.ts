// What two states of a repository differ in, told by Capstan and by the real dvc.
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findDvc } from '../support/python.ts';
import { openDvcTwin, type DvcTwin } from '../support/dvc-twin.ts';
import { capstan } from '../support/server.ts';

let dvcProgram = '';

beforeAll(async () => {
  dvcProgram = await findDvc();
});

describe('diff', () => {
  let twin: DvcTwin;
  const { dvcJson, oursJson } = {
    dvcJson: (...args: string[]): unknown => JSON.parse(twin.dvc('diff', '--json', ...args) || '{}'),
    oursJson: async (...args: string[]): Promise<unknown> =>
      (JSON.parse(await twin.ours('diff', '--json', ...args)) as { diff: unknown }).diff,
  };

  beforeAll(() => {
    twin = openDvcTwin(dvcProgram);
    const { write, dvc, git, commit, root } = twin;
    write('data/images/a.txt', 'a\n');
    write('data/images/deep/b.txt', 'b\n');
    write('data/images/deep/c.txt', 'c\n');
    write('data/images/same 1', 'same\n');
    write('data/images/same 2', 'same\n');
    write('data/images/ü "q".txt', 'odd\n');
    write('data/other/x', 'x\n');
    write('kept.csv', '1\n');
    write('gone.csv', '2\n');
    write('file-or-folder', 'file\n');
    write('code.py', '1\n');
    write('params.yaml', 'name: out\n');
    write(
      'dvc.yaml',
      `stages:
  make:
    cmd: mkdir -p made && cp code.py made/one && echo 1 > plain && echo '{"a":1}' > m.json
    deps: [code.py]
    outs: [made, plain]
    metrics: [m.json: {cache: false}]
  later:
    cmd: echo later > later.txt
    outs: [later.txt]
`,
    );
    dvc('add', '-q', 'data/images', 'data/other', 'kept.csv', 'gone.csv', 'file-or-folder');
    dvc('repro', '-q', 'make');
    commit('first');
    git('tag', 'v1');
    write('data/images/a.txt', 'changed\n');
    renameSync(join(root, 'data/images/deep/b.txt'), join(root, 'data/images/moved.txt'));
    rmSync(join(root, 'data/images/same 1'));
    rmSync(join(root, 'data/images/same 2'));
    write('data/images/z same', 'same\n');
    renameSync(join(root, 'data/other'), join(root, 'data/renamed'));
    rmSync(join(root, 'data/other.dvc'));
    rmSync(join(root, 'gone.csv'));
    rmSync(join(root, 'gone.csv.dvc'));
    rmSync(join(root, 'file-or-folder'));
    write('file-or-folder/x', 'x\n');
    write('new.csv', 'new\n');
    write('code.py', '2\n');
    dvc('add', '-q', 'data/images', 'data/renamed', 'file-or-folder', 'new.csv');
    dvc('repro', '-q');
    commit('second');
    git('tag', 'v2');
    // Not committed, nor added.
    write('data/images/a.txt', 'of the checkout\n');
    write('data/images/untracked.txt', 'new\n');
    rmSync(join(root, 'new.csv'));
    write('made/two', 'two\n');
    write('fresh.csv', 'fresh\n');
    dvc('add', '-q', 'fresh.csv');
  });

  test.each([
    [['v1', 'v2']],
    [['v2', 'v1', '--show-hash']],
    [['v1']],
    [['HEAD', '--show-hash']],
    [[]],
    [['v1', 'HEAD', '--targets', 'data/images']],
    [['v1', 'HEAD', '--targets', 'data/images/deep', 'kept.csv']],
    [['v1', 'HEAD', '--targets', 'data/images/a.txt']],
    [['--targets', 'data/images/a.txt']],
    [['v1', '--targets', 'gone.csv', 'new.csv.dvc']],
    [['v1', 'v1']],
    [['v1', 'v2', '--targets', 'make']],
  ])('%j is as dvc has it', async (args) => {
    expect(await oursJson(...args)).toEqual({ ...emptyDiff, ...(dvcJson(...args) as object) });
  });

  test('what the cache has lost is told, and what nobody knows is not guessed', async () => {
    const { root } = twin;
    const cache = join(root, '.dvc/cache');
    renameSync(cache, `${cache}-away`);
    // dvc keeps what it once read of folders there.
    rmSync(join(root, '../site-cache'), { recursive: true });
    try {
      for (const args of [[], ['v1'], ['v1', 'v2'], ['--hide-missing'], ['v1', '--targets', 'data/images']]) {
        expect(await oursJson(...args), args.join(' ')).toEqual({ ...emptyDiff, ...(dvcJson(...args) as object) });
      }
    } finally {
      rmSync(cache, { recursive: true, force: true });
      renameSync(`${cache}-away`, cache);
    }
  });

  test('in words', async () => {
    expect(await twin.ours('diff', 'v1', 'v2', '--targets', 'data/images')).toBe(`Deleted:
    data/images/same 2

Renamed:
    data/images/deep/b.txt -> data/images/moved.txt
    data/images/same 1 -> data/images/z same

Modified:
    data/images/
    data/images/a.txt

files: 1 deleted, 2 renamed, 1 modified
`);
  });

  test.each([
    [['nowhere'], 3, "There is no revision 'nowhere'"],
    [['v1', '--targets', 'nothing/there'], 3, "Nothing tracked is at 'nothing/there'"],
    [['v1', '--targets', '../outside'], 2, 'outside the repository'],
  ])('%j is refused', async (args, code, words) => {
    const refused = await capstan(['diff', ...args], undefined, twin.root);
    expect(refused).toMatchObject({ code, out: '' });
    expect(refused.err).toContain(words);
  });
});

const emptyDiff = { added: [], deleted: [], modified: [], renamed: [], 'not in cache': [] };
