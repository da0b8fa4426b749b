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

/** What `dvc metrics show --json` prints of the checkout. */
interface Shown {
  readonly '': { readonly data: Readonly<Record<string, unknown>> };
}

const emptyDiff = { added: [], deleted: [], modified: [], renamed: [], 'not in cache': [] };

describe('values', () => {
  let twin: DvcTwin;
  const dvcJson = (...args: string[]): unknown => JSON.parse(twin.dvc(...args, '--json') || '{}');
  const oursJson = async (part: string, ...args: string[]): Promise<unknown> =>
    (JSON.parse(await twin.ours(...args, '--json')) as Record<string, unknown>)[part];

  beforeAll(() => {
    twin = openDvcTwin(dvcProgram);
    const { write, dvc, git, commit, root } = twin;
    write('vars.yaml', 'a: 1\nnest: {x: 1, y: [1, 2], z: {deep: 1.5}}\nunused: 7\n');
    write('vars.json', '{"j": 5}');
    write(
      'params.yaml',
      `p: 1
l: [1, 2.0, 'x', "it's", null, true, {k: 1e-5}, "é\\u00a0\\n"]
e: {}
n: ~
flag: true
big: 9007199254740993
small: 0.00001
text: hello
7: seven
deep: {er: {est: 1}, empty: {}}
`,
    );
    write('settings.toml', 'lr = 0.1\nname = "x"\n[net]\nlayers = [1, 2]\nwidth = 3\n');
    write('settings.py', 'lr = 0.1\n\nclass Train:\n    epochs = 3\n    def __init__(self):\n        self.depth = 2\n');
    write('shown.json', '{"a": {"b": [1, 2]}, "c": 1.0}');
    write('sub/params.yaml', 'sp: 3\nused: 4\nother: 1\n');
    write('untracked.yaml', 'u: 1\n');
    write(
      'dvc.yaml',
      `vars:
- vars.yaml
- vars.json:j
- inline: 3
params: [shown.json]
metrics: [top.yaml, folder]
stages:
  s:
    cmd: cp source.json cached.json && cp source.json plain.json && cp source.toml m.toml && echo \${a} \${inline} \${nest.z.deep} \${nest.y[1]}
    deps: [source.json]
    params: [p, l, "deep.er", settings.toml: [lr, net.width], settings.py: ]
    metrics: [cached.json, plain.json: {cache: false}, m.toml: {cache: false}]
  t:
    cmd: mkdir -p made && cp source.json made/one.json && cp source.json made/two.json && echo \${j} \${item.q} > \${nest.x}.o
    vars: [{item: {q: 1}}]
    outs: ["\${nest.x}.o", made]
`,
    );
    write(
      'sub/dvc.yaml',
      'stages:\n  w:\n    cmd: echo ${used} > ow\n    params: [sp]\n    outs: [ow]\nmetrics: [../made/one.json]\n',
    );
    write(
      'source.json',
      '{"acc": 0.9123456789, "loss": {"train": 1, "val": 2.50}, "name": "first", "list": [1], "none": null, "ok": true}',
    );
    write('source.toml', 'auc = 0.5\n[n]\nx = 1\n');
    write('top.yaml', 'f1: 0.1\nsame: 1\n');
    write('folder/a.yaml', '0.25\n');
    write('folder/b.json', '{"x": 1}');
    dvc('repro', '-q', '-P');
    commit('first');
    git('tag', 'v1');
    git('branch', 'old');
    write('vars.yaml', 'a: 2\nnest: {x: 1, y: [1, 2], z: {deep: 2.5}}\nunused: 8\n');
    write(
      'params.yaml',
      `p: 1.0
l: [1, 2.0]
n: 1
flag: false
big: 9007199254740992
small: 0.00003
text: 5
7: eight
deep: {er: {est: 3}}
added: [a]
`,
    );
    write('settings.toml', 'lr = 0.2\nname = "y"\n[net]\nlayers = [1, 2, 3]\nwidth = 4\n');
    write('settings.py', 'lr = 0.3\n\nclass Train:\n    epochs = 4\n    def __init__(self):\n        self.depth = 2\n');
    write('shown.json', '{"a": {"b": [1, 3]}, "c": 2}');
    write('sub/params.yaml', 'sp: 30000000000000000000\nused: 5\nother: 2\n');
    write('source.json', '{"acc": 0.95, "loss": {"train": 1.0, "val": 1}, "name": "second", "ok": false}');
    write('top.yaml', 'f1: 0.30000000000000004\nsame: 1\nnew: 1e-7\n');
    write('folder/a.yaml', '0.75\n');
    dvc('repro', '-q', '-P');
    commit('second');
    write('top.yaml', 'f1: 0.5\n');
    write('untracked.yaml', 'u: 2\n');
    rmSync(join(root, 'cached.json'));
  });

  test.each([
    [[]],
    [['v1']],
    [['v1', 'HEAD']],
    [['HEAD', 'v1', '--all']],
    [['v1', 'HEAD', '--deps']],
    [['--targets', 'untracked.yaml']],
    [['v1', 'HEAD', '--targets', 'params.yaml', '--all']],
    [['old', 'old']],
  ])('params diff %j is as dvc has it', async (args) => {
    expect(await oursJson('diff', 'params', 'diff', ...args)).toEqual(dvcJson('params', 'diff', ...args));
  });

  test.each([
    [[]],
    [['v1']],
    [['v1', 'HEAD']],
    [['HEAD', 'v1', '--all']],
    [['v1', 'HEAD', '--targets', 'top.yaml']],
    [['v1', 'HEAD', '--targets', 'made', 'cached.json']],
  ])('metrics diff %j is as dvc has it', async (args) => {
    expect(await oursJson('diff', 'metrics', 'diff', ...args)).toEqual(dvcJson('metrics', 'diff', ...args));
  });

  test.each([[['-a']], [['-T']], [['-A']], [['-aT']], [['plain.json', 'made/one.json']], [['-a', 'top.yaml']]])(
    'metrics show %j is as dvc has it',
    async (args) => {
      expect(await oursJson('metrics', 'metrics', 'show', ...args)).toEqual(dvcJson('metrics', 'show', ...args));
    },
  );

  test('no digit is lost, and a float stays one', async () => {
    const out = await twin.ours('params', 'diff', 'v1', 'HEAD', '--json');
    expect(out).toContain('"big":{"old":9007199254740993,"new":9007199254740992,"diff":-1}');
    expect(out).toContain('"sp":{"old":3,"new":30000000000000000000,"diff":29999999999999999997}');
    expect(out).toContain('"small":{"old":1e-05,"new":3e-05,');
    expect(await twin.ours('params', 'diff', 'v1', 'HEAD', '--all', '--json')).toContain(
      '"p":{"old":1,"new":1.0,"diff":0.0}',
    );
  });

  test('a metrics file that cannot be read is named, and the others are shown', async () => {
    twin.write('top.yaml', 'f1: [\n');
    const { code, out, err } = await capstan(['metrics', 'show', '--json'], undefined, twin.root);
    const shown = JSON.parse(twin.dvc('metrics', 'show', '--json')) as Shown;
    twin.write('top.yaml', 'f1: 0.5\n');
    expect(code).toBe(0);
    const { 'top.yaml': ours, ...others } = (JSON.parse(out) as { metrics: Shown }).metrics[''].data;
    const { 'top.yaml': _theirs, ...shownOthers } = shown[''].data;
    expect(others).toEqual(shownOthers);
    expect(Object.keys(others)).toContain('cached.json');
    expect(ours).toEqual({
      error: { type: 'INVALID_ARGUMENT', msg: expect.stringContaining('top.yaml:2:1') as string },
    });
    expect(err).toContain('top.yaml of workspace could not be read: top.yaml:2:1');
  });

  test('as tables', async () => {
    expect(await twin.ours('metrics', 'diff', 'v1', 'HEAD', '--targets', 'top.yaml', '--precision', '3'))
      .toBe(`Path      Metric  v1   HEAD  Change
top.yaml  f1      0.1  0.3   0.2
top.yaml  new     -    0.0   -
`);
    const options = ['v1', 'HEAD', '--targets', 'shown.json', '--no-path', '--md'];
    const narrow = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-+/g, '-').trim();
    expect(narrow(await twin.ours('params', 'diff', ...options))).toBe(narrow(twin.dvc('params', 'diff', ...options)));
    expect(await twin.ours('metrics', 'diff', 'old', 'v1')).toBe('No metric differs.\n');
  });
});
