// Data of one checkout kept in order by Capstan beside the real dvc: what changed, what the cache still needs, where it is from.
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDvcTwin, type DvcTwin } from '../support/dvc-twin.ts';
import { findDvc } from '../support/python.ts';
import { capstan, emptyFolder } from '../support/server.ts';

let program = '';
let twin: DvcTwin;

beforeAll(async () => {
  program = await findDvc();
});
beforeEach(() => {
  twin = openDvcTwin(program);
});

const read = (path: string): string => readFileSync(join(twin.root, path), 'utf8');

function objectOf(dataFile: string): string {
  const md5 = /md5: (\S+)/.exec(read(dataFile))?.[1] ?? '';
  return join(twin.root, '.dvc/cache/files/md5', md5.slice(0, 2), md5.slice(2));
}

function damage(object: string): void {
  chmodSync(object, 0o644);
  writeFileSync(object, 'harmed\n');
  chmodSync(object, 0o444);
}

/** Names of all objects of the cache. */
function objects(folder = join(twin.root, '.dvc/cache')): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /[0-9a-f]{30}(\.dir)?$/.test(path))
    .toSorted();
}

interface Told {
  readonly isClean: boolean;
  readonly changed: readonly {
    address: string;
    outputs: readonly { path: string; state: string; files?: Record<string, string[]> }[];
    dependencies: readonly { path: string; state: string }[];
  }[];
}

const status = async (...args: string[]): Promise<Told> =>
  JSON.parse(await twin.ours('status', '--json', ...args)) as Told;

/** The same words as dvc's own JSON has for outputs and sources of `.dvc` files. */
function asDvcTells({ changed }: Told): unknown {
  const states = (paths: readonly { path: string; state: string }[]) =>
    Object.fromEntries(paths.map(({ path, state }) => [path, state]));
  return Object.fromEntries(
    changed.map(({ address, outputs, dependencies }) => [
      address,
      [
        ...(dependencies.length > 0 ? [{ 'changed deps': states(dependencies) }] : []),
        ...(outputs.length > 0 ? [{ 'changed outs': states(outputs) }] : []),
      ],
    ]),
  );
}

function writeData(): void {
  twin.write('images/a.txt', 'a\n');
  twin.write('images/deep/b.txt', 'b\n');
  twin.write('images/ü "q"\n.txt', 'odd name\n');
  twin.write('images/\u{1F600}', 'after\n');
  twin.write('images/\uFF5E', 'before\n');
  symlinkSync('.', join(twin.root, 'images/loop'));
  for (const name of ['kept.csv', 'changed.csv', 'gone.csv', 'uncached.csv']) twin.write(name, `${name}\n`);
}

const TRACKED = ['images', 'kept.csv', 'changed.csv', 'gone.csv', 'uncached.csv'];

describe('status', () => {
  test('of a repository is what dvc tells', async () => {
    writeData();
    twin.dvc('add', '-q', ...TRACKED);
    expect(await twin.ours('status')).toBe('All data is as its .dvc files say.\n');
    expect(await status()).toMatchObject({ isClean: true, changed: [] });
    twin.write('images/a.txt', 'changed\n');
    twin.write('images/new \u{1F600}', 'new\n');
    rmSync(join(twin.root, 'images/\uFF5E'));
    twin.write('changed.csv', 'changed\n');
    rmSync(join(twin.root, 'gone.csv'));
    rmSync(objectOf('uncached.csv.dvc'));
    const told = await status();
    expect(asDvcTells(told)).toEqual(JSON.parse(twin.dvc('status', '--json')));
    expect(told.changed.find(({ address }) => address === 'images.dvc')?.outputs[0]?.files).toEqual({
      added: ['new \u{1F600}'],
      modified: ['a.txt'],
      deleted: ['\uFF5E'],
    });
    expect(await twin.ours('status', '--granular', 'images')).toContain('deleted     images/\uFF5E');
    expect((await status('kept.csv.dvc', 'gone.csv')).changed.map(({ address }) => address)).toEqual(['gone.csv.dvc']);
    expect(await capstan(['status', '-q'], undefined, twin.root)).toMatchObject({ code: 10, out: '' });
  });

  test('of a folder whose file is lost in the cache, or whose list is', async () => {
    writeData();
    twin.dvc('add', '-q', 'images');
    const [file] = objects().filter((path) => !path.endsWith('.dir'));
    rmSync(join(twin.root, '.dvc/cache', file ?? ''));
    expect(asDvcTells(await status())).toEqual({ 'images.dvc': [{ 'changed outs': { images: 'not in cache' } }] });
    expect(JSON.parse(twin.dvc('status', '--json'))).toEqual(asDvcTells(await status()));
    rmSync(join(twin.root, '.dvc/cache'), { recursive: true });
    expect(asDvcTells(await status())).toEqual(JSON.parse(twin.dvc('status', '--json')));
  });

  test('of a damaged list names the object', async () => {
    writeData();
    twin.dvc('add', '-q', 'images');
    damage(objectOf('images.dvc'));
    twin.write('images/a.txt', 'changed\n');
    const refused = await capstan(['status'], undefined, twin.root);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('is damaged');
  });

  test('looks at a source on this machine where the file is not frozen', async () => {
    twin.write('source.csv', '1\n');
    twin.dvc('import-url', '-q', 'source.csv', 'taken.csv');
    twin.write('source.csv', '2\n');
    expect(asDvcTells(await status())).toEqual(JSON.parse(twin.dvc('status', '--json')));
    twin.dvc('unfreeze', '-q', 'taken.csv.dvc');
    expect(asDvcTells(await status())).toEqual(JSON.parse(twin.dvc('status', '--json')));
    expect((await status()).changed[0]?.dependencies[0]?.state).toBe('modified');
  });

  test('needs no right to write', async () => {
    writeData();
    await twin.ours('add', 'images');
    rmSync(join(twin.root, '.dvc/tmp'), { recursive: true });
    // Also for root, whom modes do not stop.
    writeFileSync(join(twin.root, '.dvc/tmp'), '');
    expect((await status()).isClean).toBe(true);
  });

  test('outside of a repository is the server’s', async () => {
    expect(await capstan(['status'], 'http://127.0.0.1:1', emptyFolder())).toMatchObject({ code: 6 });
    expect(await capstan(['status', '--server'], 'http://127.0.0.1:1', twin.root)).toMatchObject({ code: 6 });
    expect(await capstan(['status', 'x'], undefined, emptyFolder())).toMatchObject({ code: 3 });
  });
});

describe('data verify', () => {
  test('names what is damaged and missing, and reads again what it had found whole', async () => {
    writeData();
    await twin.ours('add', ...TRACKED);
    expect(await twin.ours('data', 'verify')).toMatch(/^\d+ objects read, all whole\.\n$/);
    damage(objectOf('kept.csv.dvc'));
    rmSync(objectOf('gone.csv.dvc'));
    damage(objectOf('images.dvc'));
    const { code, out } = await capstan(['data', 'verify'], undefined, twin.root);
    expect(code).toBe(1);
    expect(out).toContain(`damaged  kept.csv  ${objectOf('kept.csv.dvc')}`);
    expect(out).toContain('missing  gone.csv');
    expect(out).toContain('damaged  images  ');
    expect((await capstan(['data', 'verify', 'changed.csv'], undefined, twin.root)).code).toBe(0);
    expect((await capstan(['data', 'verify', 'nowhere'], undefined, twin.root)).code).toBe(3);
  });

  test('of all reads what nothing in the checkout needs, too', async () => {
    twin.write('a.csv', 'old\n');
    await twin.ours('add', 'a.csv');
    const old = objectOf('a.csv.dvc');
    twin.write('a.csv', 'new\n');
    await twin.ours('add', 'a.csv');
    damage(old);
    expect((await capstan(['data', 'verify'], undefined, twin.root)).code).toBe(0);
    const { code, out } = await capstan(['data', 'verify', '--all'], undefined, twin.root);
    expect(code).toBe(1);
    expect(out).toContain(`damaged  nothing in the checkout needs it  ${old}`);
  });
});

describe('with a remote', () => {
  let remote = '';

  beforeEach(async () => {
    remote = join(emptyFolder(), 'remote');
    twin.dvc('remote', 'add', '-q', '-d', 'storage', remote);
    twin.write('images/a.txt', 'a\n');
    twin.write('images/b.txt', 'b\n');
    twin.write('data.csv', 'data\n');
    await twin.ours('add', 'images', 'data.csv');
  });

  test('what is damaged or missing is repaired', async () => {
    await twin.ours('push');
    const before = objects();
    await twin.ours('data', 'verify');
    damage(objectOf('data.csv.dvc'));
    rmSync(objectOf('images.dvc'));
    const [file] = objects().filter((path) => readFileSync(join(twin.root, '.dvc/cache', path), 'utf8') === 'a\n');
    damage(join(twin.root, '.dvc/cache', file ?? ''));
    const out = await twin.ours('data', 'verify', '--repair');
    expect(out).toContain('repaired damaged  data.csv');
    expect(out).toContain('repaired missing  images');
    expect(out).toContain('4 objects read, all whole.');
    expect(objects()).toEqual(before);
    expect(await twin.ours('data', 'verify')).toContain('all whole');
    expect(twin.dvc('status')).toContain('up to date');
  });

  test('what the remote lacks stays as it is, damaged or not', async () => {
    damage(objectOf('data.csv.dvc'));
    const { code, out } = await capstan(['data', 'verify', '--repair'], undefined, twin.root);
    expect(code).toBe(1);
    expect(out).toContain('damaged  data.csv');
    expect(readFileSync(objectOf('data.csv.dvc'), 'utf8')).toBe('harmed\n');
  });

  test('gc clears both as dvc does', async () => {
    await twin.ours('push');
    twin.write('data.csv', 'newer\n');
    await twin.ours('add', 'data.csv');
    const theirs = twin.dvc('gc', '-w', '-c', '--dry');
    const gone = [...theirs.matchAll(/Removing (\S+)/g)].map(([, path = '']) => path).toSorted();
    expect(gone).toHaveLength(2);
    await twin.ours('gc', '-w', '-c', '-f');
    for (const path of gone) expect(existsSync(path), path).toBe(false);
    expect(objects(remote)).toHaveLength(3);
    expect(twin.dvc('gc', '-w', '-c', '--dry')).not.toContain('Removing');
  });

  test('gc keeps only what the remote lacks, where it is told so', async () => {
    await twin.ours('push', 'images');
    const theirs = twin.dvc('gc', '-w', '--not-in-remote', '--dry');
    const gone = [...theirs.matchAll(/Removing (\S+)/g)].map(([, path = '']) => path);
    expect(gone).toHaveLength(3);
    await twin.ours('gc', '-w', '--not-in-remote', '-f');
    expect(objects()).toHaveLength(1);
    expect(existsSync(objectOf('data.csv.dvc'))).toBe(true);
  });

  test('a limit takes what was used longest ago and is on the remote, and nothing that the checkout needs', async () => {
    const versions: string[] = [];
    for (const version of ['one', 'two', 'three', 'four']) {
      twin.write('data.csv', version.padEnd(1_000, '.'));
      await twin.ours('add', 'data.csv');
      versions.push(objectOf('data.csv.dvc'));
      if (version !== 'two') await twin.ours('push');
    }
    // The oldest by time is the third; the second is on no remote, the fourth in the checkout.
    for (const [index, day] of [2, 0, 1, 0].entries()) utimesSync(versions[index] ?? '', day, day);
    const limit = ['gc', '--max-size', '3.3kB'];
    expect((await capstan(limit, undefined, twin.root)).code).toBe(1);
    await twin.ours(...limit, '-f');
    expect(versions.map((file) => existsSync(file))).toEqual([true, true, false, true]);
    expect(await twin.ours('gc', '--max-size', '1kB', '-f')).toContain('above the limit stay');
    expect(versions.map((file) => existsSync(file))).toEqual([false, true, false, true]);
    expect((await capstan(['gc', '--max-size', 'much'], undefined, twin.root)).code).toBe(2);
    expect((await capstan(['gc', '-w', '--max-size', '1GB'], undefined, twin.root)).code).toBe(2);
  });
});

describe('gc', () => {
  /** Three versions of data, each committed; the second on a branch, the first with a tag. */
  async function writeVersions(): Promise<void> {
    for (const version of ['one', 'two', 'three']) {
      twin.write('data.csv', `${version}\n`);
      twin.write('images/a.txt', `${version}\n`);
      twin.write('images/same.txt', 'same\n');
      await twin.ours('add', 'data.csv', 'images');
      twin.commit(version);
      if (version === 'one') twin.git('tag', 'first');
      if (version === 'two') twin.git('branch', 'side');
    }
    twin.write('loose.csv', 'loose\n');
    await twin.ours('add', 'loose.csv');
    rmSync(join(twin.root, 'loose.csv.dvc'));
  }

  test.each([
    [['-w']],
    [['-a']],
    [['-T']],
    [['-aT']],
    [['-A']],
    [['--rev', 'HEAD~1', '-n', '2']],
    [['-a', '-n', '2']],
    [['--date', '2020-01-01']],
    [['--date', '2999-01-01']],
  ])('%j keeps what dvc keeps', async (scope) => {
    await writeVersions();
    const before = objects();
    const kept = keptByDvc(scope);
    const told = JSON.parse(await twin.ours('gc', ...scope, '--dry', '--json')) as { kept: number };
    expect(objects()).toEqual(before);
    expect(told.kept).toBe(kept.length);
    await twin.ours('gc', ...scope, '-f');
    expect(objects()).toEqual(kept);
    expect(await twin.ours('gc', ...scope, '-f')).toContain('Nothing to remove');
  });

  /** What dvc would leave, asked of it with --dry. */
  function keptByDvc(scope: readonly string[]): string[] {
    const cache = join(twin.root, '.dvc/cache');
    const removed = twin.dvc('gc', ...scope, '--dry');
    const gone = [...removed.matchAll(/Removing (\S+)/g)].map(([, path = '']) => path.slice(cache.length + 1));
    return objects().filter((path) => !gone.includes(path));
  }

  test('removes nothing unless it is told so or asked', async () => {
    await writeVersions();
    const before = objects();
    const asked = await capstan(['gc', '-w'], undefined, twin.root);
    expect(asked).toMatchObject({ code: 1 });
    expect(asked.out).toMatch(/^\d+ of \d+ objects of \S+ are not needed: \d+ B\.\n$/);
    expect(asked.err).toContain('--force');
    expect(objects()).toEqual(before);
  });

  test('keeps what a stage wrote, and another project needs', async () => {
    twin.write('dvc.yaml', 'stages:\n  make:\n    cmd: echo made > made.txt\n    outs: [made.txt]\n');
    twin.dvc('repro', '-q');
    const other = openDvcTwin(program);
    other.dvc('config', 'cache.dir', join(twin.root, '.dvc/cache'));
    other.write('theirs.csv', 'theirs\n');
    other.dvc('add', '-q', 'theirs.csv');
    expect(objects()).toHaveLength(2);
    expect(await twin.ours('gc', '-w', '-f', '-p', other.root)).toContain('Nothing to remove');
    await twin.ours('gc', '-w', '-f');
    expect(objects()).toHaveLength(1);
    expect(twin.dvc('status')).toContain('up to date');
  });

  test('waits for no stage that runs, and takes nothing then', async () => {
    await writeVersions();
    const entry = { 'data.csv': { pid: process.pid, cmd: 'repro' } };
    twin.write('.dvc/tmp/rwlock', JSON.stringify({ read: {}, write: entry }));
    const refused = await capstan(['gc', '-w', '-f'], undefined, twin.root);
    expect(refused).toMatchObject({ code: 5, out: '' });
    expect(refused.err).toContain(`process ${process.pid} (repro)`);
  });

  test('does not guess what a folder holds whose list is lost', async () => {
    await writeVersions();
    rmSync(objectOf('images.dvc'));
    const refused = await capstan(['gc', '-w', '-f', '--dry'], undefined, twin.root);
    expect(refused.code).toBe(0);
    const asked = await capstan(['gc', '-w', '--dry'], undefined, twin.root);
    expect(asked).toMatchObject({ code: 5, out: '' });
    expect(asked.err).toContain('What the folder images holds is not known');
  });
});
