// A PostgreSQL of its own, from the installed binaries, in a folder that the caller removes.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostgresBinaries } from '../setup/find-postgres.ts';

const START_TIMEOUT_MS = 30_000;
/** The user `nobody`, where the system has no other: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  /** Fast shutdown: connections are cut, the cluster stays whole. */
  stop(): Promise<void>;
  /** As when the machine's memory ran out. */
  kill(): Promise<void>;
}

export interface PostgresOptions {
  /** Takes any free one when left out. */
  readonly port?: number;
  /** Waits for the disk at each commit: tests kill programs, not the machine, so they need not. */
  readonly isDurable?: boolean;
}

/** Starts it; the cluster is made where the folder has none. @throws Error where PostgreSQL is not installed */
export async function startPostgres(folder: string, options: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = findBinaries();
  const user = unprivileged();
  if ('uid' in user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const spawning = { ...user, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' } };
  if (!existsSync(data)) {
    execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'capstan', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
      ...spawning,
      stdio: 'pipe',
    });
  }
  const port = options.port ?? (await freePort());
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: options.isDurable === true ? 'on' : 'off',
    max_connections: 200,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(binaries, 'postgres'), ['-D', data, ...flags], { ...spawning, stdio: 'ignore' });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!isReady(binaries, port)) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended at its start with code ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error('PostgreSQL did not start in time');
    await sleep(100);
  }
  return {
    url: `postgresql://capstan@127.0.0.1:${port}/postgres`,
    port,
    stop: () => end(child, 'SIGINT'),
    kill: () => end(child, 'SIGQUIT'),
  };
}

function findBinaries(): string {
  const found = findPostgresBinaries();
  if (found !== null) return found;
  throw new Error(
    'PostgreSQL is not installed: `npm test` installs it on Debian as root. ' +
      'Otherwise install it, or set TEST_POSTGRES_URL to a database whose user may create others.',
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

/** INT asks for a fast shutdown, QUIT for an immediate one without any clean-up. */
function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
