// The servers that play the same programme: a real `mlflow server`, and Capstan on SQLite and PostgreSQL.
import { Agent, request as httpRequest } from 'node:http';
import { inject } from 'vitest';
import { startMlflowServer } from '../support/mlflow-server.ts';
import { emptyPostgres } from '../support/postgres.ts';
import { startServer } from '../support/server.ts';

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

const ANSWER_MS = 60_000;

export interface Peers {
  /** MLflow first, then Capstan on each database. */
  readonly peers: readonly Peer[];
  stop(): Promise<void>;
}

/** @param python that has mlflow */
export async function startPeers(python: string): Promise<Peers> {
  const postgres = emptyPostgres(inject('postgresUrl'));
  const peers = await Promise.all([
    startMlflow(python),
    startCapstan('Capstan on SQLite', ['--no-serving']),
    startCapstan('Capstan on PostgreSQL', ['--no-serving', '--database', postgres.url]),
  ]);
  return {
    peers,
    async stop() {
      await Promise.all(peers.map((peer) => peer.stop()));
      postgres.remove();
    },
  };
}

/** `mlflow server` of the tests' Python environment on SQLite, with one worker and no jobs. */
async function startMlflow(python: string): Promise<Peer> {
  const { url, stop } = await startMlflowServer(python);
  return peerAt('mlflow', url, stop);
}

async function startCapstan(name: string, flags: readonly string[] = []): Promise<Peer> {
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

/**
 * node:http, since fetch forbids a body on GET and costs several times more. A connection that lay idle may be closed by the
 * server just as it is used again: then the call goes over a new one.
 */
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
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(send(agent, method, url, body));
      else reject(error);
    });
    sent.end(body);
  });
}
