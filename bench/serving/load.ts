import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface LoadJob {
  readonly host: string;
  readonly port: number;
  /** Whole requests as they go over the wire, sent in turn. */
  readonly requests: readonly Uint8Array[];
  readonly connections: number;
  /** Requests a second, due at constant intervals (open loop); undefined: as fast as answers come (closed loop). */
  readonly rate?: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Answers later than this are of no use to anybody. */
  readonly deadlineMs?: number;
}

export interface LoadResult {
  readonly byStatus: Readonly<Record<string, number>>;
  /** Due or sent when the time was over, or given up before they could be sent. */
  readonly unanswered: number;
  /** Answers 200. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly withinDeadlinePerSecond: number;
}

const LONGEST_MS = 120_000;

/** Runs a job in a process of its own. @throws Error when it does not end well */
export async function load(job: LoadJob): Promise<LoadResult> {
  const child = fork(fileURLToPath(new URL('load-generator.ts', import.meta.url)), { serialization: 'advanced' });
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  try {
    return await new Promise((resolve, reject) => {
      child.once('message', (result) => resolve(result as LoadResult));
      child.once('exit', (code, signal) => reject(new Error(`the load generator ended with ${signal ?? code}`)));
      child.send(job);
    });
  } finally {
    clearTimeout(late);
  }
}

/** A POST as it goes over the wire. */
export function httpPost(
  port: number,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const bytes = Buffer.from(body);
  const all = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': String(bytes.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
}
