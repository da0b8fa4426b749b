// Starts a real `mlflow server`, to compare with, and stops it with all its children.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyFolder } from './server.ts';

export interface MlflowServer {
  readonly url: string;
  stop(): Promise<void>;
}

interface Places {
  /** HOME and working folder of the server. */
  readonly folder: string;
  readonly database: string;
  readonly artifacts: string;
}

const START_MS = 120_000;

/**
 * On a free port, with SQLite and local artifacts: in a folder of its own where not told where.
 * @throws Error with what it printed when it does not get healthy
 */
export async function startMlflowServer(
  python: string,
  places: Places = placesIn(emptyFolder()),
): Promise<MlflowServer> {
  const { folder, database, artifacts } = places;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const storage = [`--backend-store-uri=sqlite:///${database}`, `--artifacts-destination=${artifacts}`];
  const args = ['-m', 'mlflow', 'server', '--workers=1', '--host=127.0.0.1', `--port=${port}`, ...storage];
  const child = spawn(python, args, {
    cwd: folder,
    // A group of its own: it starts workers.
    detached: true,
    env: {
      PATH: [dirname(python), process.env['PATH']].join(delimiter),
      HOME: folder,
      DO_NOT_TRACK: 'true',
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-5_000)));
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid);
    await ended;
  };
  const until = Date.now() + START_MS;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`mlflow server did not start:\n${said}`);
    }
    await sleep(200);
  }
  return { url, stop };
}

function placesIn(folder: string): Places {
  return { folder, database: join(folder, 'mlflow.db'), artifacts: folder };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
