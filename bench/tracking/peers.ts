// The two servers that are compared, each in its own processes with its own data: MLflow's as its users start it, and ours.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../../tests/support/server.ts';
import { processesOf } from '../measure.ts';

export interface Peer {
  readonly name: 'mlflow' | 'capstan';
  readonly url: string;
  /** Its database: the path of a SQLite file, or a URL. */
  readonly database: string;
  readonly startSeconds: number;
  /** Memory of all its processes, shared pages counted once (proportional set size), MiB. */
  memory(): number;
  stop(): Promise<void>;
}

export async function startCapstan(database?: string): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-bench-'));
  const before = performance.now();
  const server = await startServer(
    ['--no-serving', ...(database === undefined ? [] : ['--database', database])],
    folder,
  );
  return {
    name: 'capstan',
    url: server.url,
    database: database ?? join(folder, 'capstan.db'),
    startSeconds: (performance.now() - before) / 1_000,
    memory: () => proportionalMemory(server.pid),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `mlflow server` with its defaults, but for the port and where it keeps its data. */
export async function startMlflow(python: string, database?: string): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'mlflow-bench-'));
  const port = await freePort();
  const before = performance.now();
  const child = spawn(
    join(dirname(python), 'mlflow'),
    [
      'server',
      '--host=127.0.0.1',
      `--port=${port}`,
      `--backend-store-uri=${database ? withDriver(database) : `sqlite:///${join(folder, 'mlflow.db')}`}`,
      `--artifacts-destination=${join(folder, 'artifacts')}`,
    ],
    {
      cwd: folder,
      env: { PATH: `${dirname(python)}:${process.env['PATH']}`, HOME: folder },
      stdio: 'ignore',
      detached: true,
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await untilHealthy(url, () => child.exitCode !== null);
  return {
    name: 'mlflow',
    url,
    database: database ?? join(folder, 'mlflow.db'),
    startSeconds: (performance.now() - before) / 1_000,
    memory: () => proportionalMemory(child.pid ?? 0),
    async stop() {
      // Its workers and job runners are in its process group.
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      if (child.exitCode === null) await Promise.race([once(child, 'exit'), sleep(10_000)]);
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // All have ended.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SQLAlchemy takes another driver than the one that is pinned where the URL names none. */
function withDriver(url: string): string {
  return url.replace(/^postgresql:/, 'postgresql+psycopg2:');
}

async function untilHealthy(url: string, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error('mlflow server ended before it was healthy');
    const isUp = await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isUp) return;
    await sleep(20);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function proportionalMemory(pid: number): number {
  return processesOf(pid).reduce((sum, id) => {
    const rollup = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
    return sum + Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1_024;
  }, 0);
}
