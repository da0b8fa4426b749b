// Starts one temporary PostgreSQL for the whole run, or uses the one TEST_POSTGRES_URL names.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { findPostgresBinaries } from './find-postgres.ts';

const START_TIMEOUT_MS = 30_000;
/** The user `nobody`, where the system has no other: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_POSTGRES_URL'];
  if (given !== undefined) {
    project.provide('postgresUrl', given);
    return async () => {};
  }
  const folder = mkdtempSync(join(tmpdir(), 'capstan-postgres-'));
  const server = await start(findBinaries(), folder);
  project.provide('postgresUrl', server.url);
  return async () => {
    await stop(server.child);
    rmSync(folder, { recursive: true, force: true });
  };
}

function findBinaries(): string {
  const found = findPostgresBinaries();
  if (found !== null) return found;
  throw new Error(
    'PostgreSQL is not installed: `npm test` installs it on Debian as root. ' +
      'Otherwise install it, or set TEST_POSTGRES_URL to a database whose user may create schemas.',
  );
}

function unprivileged(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  try {
    const ask = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }).toString());
    return { uid: ask('-u'), gid: ask('-g') };
  } catch {
    return { uid: NOBODY, gid: NOBODY };
  }
}

async function start(binaries: string, folder: string): Promise<{ url: string; child: ChildProcess }> {
  const user = unprivileged();
  if ('uid' in user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' } };
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'capstan', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...options,
    stdio: 'pipe',
  });
  const port = await freePort();
  // Tests kill programs, not the machine: skipping fsync costs nothing here.
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 200,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(binaries, 'postgres'), ['-D', data, ...flags], { ...options, stdio: 'ignore' });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!isReady(binaries, port)) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended at its start with code ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('PostgreSQL did not start in time');
    await sleep(100);
  }
  return { url: `postgresql://capstan@127.0.0.1:${port}/postgres`, child };
}

function isReady(binaries: string, port: number): boolean {
  try {
    execFileSync(join(binaries, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** INT asks for a fast shutdown: connections are cut, the cluster stays whole. */
function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGINT');
  });
}
