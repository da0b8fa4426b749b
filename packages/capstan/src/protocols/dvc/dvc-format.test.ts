import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LockEntry, ParamValue, Stage } from '#kernel/pipeline-definition';
import { createDvcFormat } from './index.ts';
import { entryValue, resultValue } from './lock/lock-entry.ts';
import { pythonJson } from './text/python-json.ts';
import { readJson, type Values } from './text/value-files.ts';

const vectors = readJson(readFileSync(new URL('golden/vectors.json', import.meta.url), 'utf8'), 'vectors') as Values;
const format = createDvcFormat();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-dvc-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function writeFiles(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

function golden<Value = ParamValue>(...path: (string | number)[]): Value {
  let here: ParamValue | undefined = vectors;
  for (const step of path)
    here = here instanceof Map ? here.get(step as string) : (here as ParamValue[])[step as number];
  return here as Value;
}

function textsOf(value: Values): Record<string, string> {
  return Object.fromEntries(value) as Record<string, string>;
}

/** What dvc would write for a stage whose files are as they are now. */
async function entryOf(stage: Stage): Promise<LockEntry> {
  const memory = new Map<string, string>();
  const hashed = (paths: readonly { path: string; file: string }[]) =>
    Promise.all(
      paths.map(async ({ path, file }) => ({ path, ...(await format.hash(join(folder, file), memory)).hash })),
    );
  return {
    command: stage.command,
    inputs: await hashed(stage.inputs),
    params: await format.readParams(folder, stage.params),
    outputs: await hashed(stage.outputs),
  };
}

describe('a project that dvc has run', () => {
  beforeEach(async () => {
    await writeFiles(textsOf(golden('project', 'files')));
    await writeFiles(textsOf(golden('project', 'made')));
    for (const file of [...golden<string[]>('project', 'executable'), 'model.bin'])
      await chmod(join(folder, file), 0o755);
  });

  const stageNames = [...golden<Values>('project', 'lock').keys()].map(String);

  it('has the same stages after templating', async () => {
    const { stages } = await format.read(folder);
    expect(stages.map((stage) => stage.name).toSorted()).toEqual(stageNames.toSorted());
    for (const stage of stages) {
      const resolved = golden<Values>('project', 'resolved', stage.name);
      expect(stage.command).toEqual(resolved.get('cmd'));
      expect(stage.description).toEqual(resolved.get('desc'));
      expect(stage.inputs.map((input) => input.path)).toEqual(
        (resolved.get('deps') as string[] | undefined)?.toSorted() ?? [],
      );
    }
  });

  it.each(stageNames)('has the same lock entry for %s', async (name) => {
    const { stages } = await format.read(folder);
    const stage = stages.find((each) => each.name === name) as Stage;
    expect(pythonJson(entryValue(await entryOf(stage)))).toBe(pythonJson(golden('project', 'lock', name)));
  });

  it.each([...golden<Values>('project', 'keys')])('has the place in the run cache of %s', async (name, run) => {
    const { stages } = await format.read(folder);
    const stage = stages.find((each) => each.name === name) as Stage;
    const entry = await entryOf(stage);
    expect(`${format.resultKey(entry)}/${resultValue(entry)}`).toBe(run);
    expect(format.resultKey(format.decodeEntry(format.encodeEntry(entry)))).toBe(format.resultKey(entry));
  });

  it('reads the lines of a command as dvc runs them: one shell each, blank ones left out', async () => {
    const { stages } = await format.read(folder);
    expect(stages.find((stage) => stage.name === 'train')?.lines).toHaveLength(3);
    expect(stages.find((stage) => stage.name === 'prepare')?.lines).toHaveLength(3);
  });
});

describe('result keys', () => {
  it.each(golden<Values[]>('resultKeys').map((each) => [each.get('key'), each.get('entry')] as const))(
    '%s',
    (key, entry) => {
      expect(format.resultKey(format.decodeEntry(entry as string))).toBe(key);
    },
  );
});

describe('hashes', () => {
  it.each(golden<Values[]>('trees'))('of a folder are dvc’s', async (tree) => {
    await mkdir(join(folder, 'd'));
    await writeFiles(
      Object.fromEntries(
        [...(tree.get('files') as Values)].map(([name, text]) => [`d/${String(name)}`, text as string]),
      ),
    );
    const { hash } = await format.hash(join(folder, 'd'), new Map());
    expect(hash).toEqual({
      md5: tree.get('md5'),
      sizeBytes: Number(tree.get('size')),
      fileCount: Number(tree.get('nfiles')),
    });
  });

  it('take links to files as the files, leave out links to folders, and refuse links to nothing', async () => {
    await writeFiles({ 'd/a': 'hello\n', 'other/b': 'x' });
    const plain = (await format.hash(join(folder, 'd'), new Map())).hash;
    await symlink(join(folder, 'other'), join(folder, 'd', 'linked-folder'));
    expect((await format.hash(join(folder, 'd'), new Map())).hash).toEqual(plain);
    await symlink(join(folder, 'd/a'), join(folder, 'd', 'linked-file'));
    expect((await format.hash(join(folder, 'd'), new Map())).files.map((file) => file.path)).toEqual([
      'a',
      'linked-file',
    ]);
    await symlink(join(folder, 'nothing'), join(folder, 'd', 'broken'));
    await expect(format.hash(join(folder, 'd'), new Map())).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('say so when there is nothing', async () => {
    await expect(format.hash(join(folder, 'd'), new Map())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('notice a file that was changed after it was remembered', async () => {
    await writeFiles({ a: 'one' });
    const memory = new Map<string, string>();
    const before = await format.hash(join(folder, 'a'), memory);
    await writeFiles({ a: 'two' });
    expect((await format.hash(join(folder, 'a'), memory)).hash.md5).not.toBe(before.hash.md5);
  });
});

describe('dvc.lock', () => {
  const entry: LockEntry = {
    command: 'x',
    inputs: [],
    params: new Map(),
    outputs: [{ path: 'o', md5: 'd41d8cd98f00b204e9800998ecf8427e', sizeBytes: 1 }],
  };

  it('is written whole: schema first, other stages and sections kept, new stages last', async () => {
    await writeFiles({
      'dvc.lock':
        "schema: '2.0'\ndatasets: [{name: d}]\nstages:\n  a:\n    cmd: old\n  b:\n    cmd: &c kept\n  c:\n    cmd: *c\n",
    });
    await format.writeLock(folder, new Map([['z', entry]]));
    await format.writeLock(folder, new Map([['a', entry]]));
    expect(await readFile(join(folder, 'dvc.lock'), 'utf8')).toBe(
      `schema: '2.0'\ndatasets:\n- name: d\nstages:\n  a:\n    cmd: x\n    outs:\n    - path: o\n      hash: md5\n      md5: d41d8cd98f00b204e9800998ecf8427e\n      size: 1\n` +
        `  b:\n    cmd: kept\n  c:\n    cmd: kept\n  z:\n    cmd: x\n    outs:\n    - path: o\n      hash: md5\n      md5: d41d8cd98f00b204e9800998ecf8427e\n      size: 1\n`,
    );
  });

  it('of another schema is left alone', async () => {
    await writeFiles({ 'dvc.lock': 'a:\n  cmd: x\n' });
    await expect(format.writeLock(folder, new Map([['a', entry]]))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await readFile(join(folder, 'dvc.lock'), 'utf8')).toBe('a:\n  cmd: x\n');
  });
});

describe('overriding parameters', () => {
  const yaml = '# rates\nlr: 0.1  # slow\nsteps: 10\nnest:\n  x: [1, 2]\nname: model\n';

  it('changes what is named and keeps the rest of the file', async () => {
    await writeFiles({ 'params.yaml': yaml, 'v.json': '{"a": 1, "b": {"c": 2.0}, "d": 3.0}' });
    await format.overrideParams(folder, {
      'params.yaml': { lr: 1, 'nest.x.1': 5, name: 'yes' },
      'v.json': { 'b.c': 3 },
    });
    expect(await readFile(join(folder, 'params.yaml'), 'utf8')).toBe(
      '# rates\nlr: 1.0 # slow\nsteps: 10\nnest:\n  x: [ 1, 5 ]\nname: yes\n',
    );
    expect(await readFile(join(folder, 'v.json'), 'utf8')).toBe(
      '{\n  "a": 1,\n  "b": {\n    "c": 3.0\n  },\n  "d": 3.0\n}\n',
    );
  });

  it.each([
    [{ 'params.yaml': { learning: 1 } }, 'params.params.yaml.learning', undefined],
    [{ 'params.yaml': { stepz: 1 } }, 'params.params.yaml.stepz', 'Did you mean steps?'],
    [{ 'params.yaml': { steps: 'ten' } }, 'params.params.yaml.steps', undefined],
    [{ 'params.yaml': { nest: 3 } }, 'params.params.yaml.nest', undefined],
    [{ 'other.yaml': { a: 1 } }, 'other.yaml', undefined],
    [{ '../params.yaml': { a: 1 } }, 'params.../params.yaml', undefined],
  ])('refuses %j', async (overrides, field, hint) => {
    await writeFiles({ 'params.yaml': yaml });
    const all = { 'params.yaml': { lr: 9 }, ...overrides };
    const failure = await format.overrideParams(folder, all).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', field, ...(hint && { hint }) });
    expect(await readFile(join(folder, 'params.yaml'), 'utf8')).toBe(yaml);
  });
});

describe('metrics files', () => {
  it('give their numbers, nested names joined by dots', async () => {
    await writeFiles({
      'm.json': '{"loss": 0.5, "deep": {"auc": 1, "note": "x", "none": null}, "folds": [1, 2.5], "ok": true}',
    });
    expect(Object.fromEntries(await format.readMetrics(join(folder, 'm.json')))).toEqual({
      loss: 0.5,
      'deep.auc': 1,
      'folds.0': 1,
      'folds.1': 2.5,
      ok: 1,
    });
  });

  it('that are no map are refused', async () => {
    await writeFiles({ 'm.json': '[1]' });
    await expect(format.readMetrics(join(folder, 'm.json'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
