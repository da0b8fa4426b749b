// Transfers that end in the middle: the next one goes on from there, and nothing half has a whole one's name.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { capstan, emptyFolder, program } from '../support/server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const FILES = 1_500;
const httpStorage = fileURLToPath(new URL('../support/http-storage-server.ts', import.meta.url));

let root = '';
const started: ChildProcess[] = [];

beforeEach(async () => {
  root = join(emptyFolder(), 'repository');
  mkdirSync(join(root, 'data'), { recursive: true });
  spawnSync('git', ['init', '-q'], { cwd: root });
  await done('init');
  for (let index = 0; index < FILES; index++) writeFileSync(join(root, 'data', `${index}`), `${index}\n`.repeat(500));
  await done('add', 'data');
});

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

async function done(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await capstan(args, undefined, root);
  expect(err).toBe('');
  expect(code).toBe(0);
  return out;
}

const cache = (): string => join(root, '.dvc/cache');

/** As after a clone. */
function forget(): void {
  rmSync(cache(), { recursive: true, force: true });
  rmSync(join(root, 'data'), { recursive: true, force: true });
}

function objectsIn(folder: string): string[] {
  const objects = join(folder, 'files/md5');
  if (!existsSync(objects)) return [];
  return readdirSync(objects, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /^\w\w\/\w{30}(\.dir)?$/.test(path) && statSync(join(objects, path)).isFile(),
  );
}

function expectAllWhole(folder: string): void {
  for (const path of objectsIn(folder)) {
    const md5 = createHash('md5')
      .update(readFileSync(join(folder, 'files/md5', path)))
      .digest('hex');
    expect(path.replace('/', '').replace('.dir', '')).toBe(md5);
  }
}

function expectAllBack(): void {
  expect(readdirSync(join(root, 'data'))).toHaveLength(FILES);
  expect(readFileSync(join(root, 'data/7'), 'utf8')).toBe('7\n'.repeat(500));
}

/** Runs a command until a folder holds so many objects. */
async function until(folder: string, objects: number, args: readonly string[], end: (child: ChildProcess) => void) {
  const child = spawn(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdout.resume();
  const closed = once(child, 'close');
  while (objectsIn(folder).length < objects && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 2));
  end(child);
  await closed;
  return { code: child.exitCode, signal: child.signalCode, err };
}

async function startHttpStorage(folder: string, port = '0'): Promise<{ child: ChildProcess; port: string }> {
  const child = spawn(process.execPath, [httpStorage, folder, port], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: String(said).trim() };
}

test.each(['push', 'pull'])('a %s that is killed goes on the next time', async (command) => {
  const storage = join(emptyFolder(), 'storage');
  await done('remote', 'add', '-d', 'storage', storage);
  if (command === 'pull') {
    await done('push');
    forget();
  }
  const target = command === 'push' ? storage : cache();
  const killed = await until(target, 100, [command], (child) => child.kill('SIGKILL'));
  expect(killed.signal).toBe('SIGKILL');
  const kept = objectsIn(target).length;
  expect(kept).toBeGreaterThanOrEqual(100);
  expect(kept).toBeLessThan(FILES);
  expectAllWhole(target);
  if (command === 'push') expect(objectsIn(target).filter((path) => path.endsWith('.dir'))).toEqual([]);
  expect(JSON.parse(await done(command, '--json'))).toMatchObject({ objects: FILES + 1 - kept, present: kept });
  expectAllWhole(target);
  if (command === 'pull') expectAllBack();
});

test('Ctrl-C ends a push in order', async () => {
  const storage = join(emptyFolder(), 'storage');
  await done('remote', 'add', '-d', 'storage', storage);
  const ended = await until(storage, 100, ['push'], (child) => child.kill('SIGINT'));
  expect(ended).toMatchObject({ code: 130, err: 'capstan: interrupted; what was done until then stays\n' });
  const names = readdirSync(storage, { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  await done('push');
});

test('a remote that dies in the middle is told, and what has come stays', async () => {
  const storage = emptyFolder();
  const first = await startHttpStorage(storage);
  await done('remote', 'add', '-d', 'storage', `http://127.0.0.1:${first.port}`);
  await done('push');
  forget();
  const failed = await until(cache(), 100, ['pull'], () => first.child.kill('SIGKILL'));
  expect(failed.code).toBe(6);
  expect(failed.err).toContain("The remote 'storage'");
  expect(failed.err).toContain('cannot be reached');
  const kept = objectsIn(cache()).length;
  expect(kept).toBeGreaterThanOrEqual(100);
  expectAllWhole(cache());
  await startHttpStorage(storage, first.port);
  expect(JSON.parse(await done('pull', '--json'))).toMatchObject({ objects: FILES + 1 - kept });
  expectAllBack();
});

test('a full disk is told, here and there, and nothing half is left', async ({ skip }) => {
  const disk = await mountSmallDisk('24m');
  if (typeof disk === 'string') return skip(disk);
  const through = async (...args: readonly string[]) => {
    const [command = '', ...words] = [...disk.through, 'env', '-C', root, process.execPath, program, ...args];
    const child = spawn(command, words, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    await once(child, 'close');
    return { code: child.exitCode, err };
  };
  try {
    const storage = join(emptyFolder(), 'storage');
    await done('remote', 'add', '-d', 'storage', storage);
    await done('remote', 'add', 'small', join(disk.folder, 'storage'));
    await done('push');
    disk.fill();
    const there = await through('push', '-r', 'small');
    expect(there.code).toBe(1);
    expect(there.err).toContain("The remote 'small'");
    expect(there.err).toContain('has no space left');
    forget();
    writeFileSync(join(root, '.dvc/config.local'), `[cache]\n    dir = ${join(disk.folder, 'cache')}\n`);
    const here = await through('fetch');
    expect(here.code).toBe(1);
    expect(here.err).toContain('no space left');
    disk.free();
    expect(await through('fetch')).toEqual({ code: 0, err: '' });
    expect(await through('push', '-r', 'small')).toEqual({ code: 0, err: '' });
  } finally {
    await disk.remove();
  }
});
