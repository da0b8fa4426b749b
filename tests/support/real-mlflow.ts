// A real `mlflow server` of the clients' Python, in its own process group, stopped by its id.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, delimiter } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface RealMlflow {
  readonly url: string;
  stop(): Promise<void>;
}

const READY_MS = 90_000;

/** @throws Error with what it printed when it is not ready in time */
export async function startRealMlflow(
  python: string,
  { database, artifacts, folder }: { readonly database: string; readonly artifacts: string; readonly folder: string },
): Promise<RealMlflow> {
  const port = await freePort();
  const store = ['--backend-store-uri', `sqlite:///${database}`, '--artifacts-destination', artifacts];
  const address = ['--workers', '1', '--host', '127.0.0.1', '--port', String(port)];
  const child = spawn(python, ['-m', 'mlflow', 'server', ...address, ...store], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: [dirname(python), process.env['PATH']].join(delimiter),
      HOME: folder,
      DO_NOT_TRACK: 'true',
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    // Its workers are children of its own, in its group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  for (const start = performance.now(); performance.now() - start < READY_MS;) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return { url, stop };
    if (child.exitCode !== null) break;
    await pause(200);
  }
  await stop();
  throw new Error(`mlflow server was not ready:\n${said.slice(-5_000)}`);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
