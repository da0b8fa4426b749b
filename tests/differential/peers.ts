// The servers that play the same programme: a real `mlflow server`, and Capstan on SQLite and PostgreSQL.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyFolder, startServer } from '../support/server.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export interface Peer {
  readonly name: string;
  readonly url: string;
  send(method: string, path: string, body?: string): Promise<Reply>;
  stop(): Promise<void>;
}

const START_MS = 120_000;
const ANSWER_MS = 60_000;

/** `mlflow server` of the tests' Python environment on SQLite, with one worker and no jobs. */
export async function startMlflow(python: string): Promise<Peer> {
  const folder = emptyFolder();
  const port = await freePort();
  const flags = {
    workers: '1',
    host: '127.0.0.1',
    port: String(port),
    'backend-store-uri': `sqlite:///${join(folder, 'mlflow.db')}`,
  };
  const args = ['-m', 'mlflow', 'server', '--artifacts-destination', join(folder, 'artifacts')];
  for (const [flag, value] of Object.entries(flags)) args.push(`--${flag}`, value);
  const env = { PATH: `${dirname(python)}:${process.env['PATH'] ?? ''}`, HOME: folder, LANG: 'C.UTF-8' };
  // DO_NOT_TRACK only keeps mlflow from calling its makers: tests reach no other machine.
  const settings = { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', DO_NOT_TRACK: 'true' };
  // A group of its own: the server starts workers that outlive it otherwise.
  const child = spawn(python, args, {
    cwd: folder,
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const log = createWriteStream(join(folder, 'log'));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const peer = peerAt('mlflow', `http://127.0.0.1:${port}`, () => endGroup(child));
  await healthy(peer, child, join(folder, 'log'));
  return peer;
}

export async function startCapstan(name: string, flags: readonly string[] = []): Promise<Peer> {
  const server = await startServer(flags);
  return peerAt(name, server.url, async () => void (await server.stop()));
}

function peerAt(name: string, url: string, stop: () => Promise<void>): Peer {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  return {
    name,
    url,
    send: (method, path, body) => send(agent, method, url + path, body),
    async stop() {
      agent.destroy();
      await stop();
    },
  };
}

/** node:http, since fetch forbids a body on GET and costs several times more. */
function send(agent: Agent, method: string, url: string, body: string | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = httpRequest(url, { method, agent, headers, timeout: ANSWER_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${ANSWER_MS} ms: ${method} ${url}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

async function healthy(peer: Peer, child: ChildProcess, log: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const reply = await peer.send('GET', '/health').catch(() => undefined);
    if (reply?.status === 200) return;
    await sleep(200);
  }
  await peer.stop();
  throw new Error(`mlflow server did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  process.kill(-child.pid, 'SIGTERM');
  const isLate = await Promise.race([closed.then(() => false), sleep(10_000, true, { ref: false })]);
  if (isLate) process.kill(-child.pid, 'SIGKILL');
  await closed;
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
