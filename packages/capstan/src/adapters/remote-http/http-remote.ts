import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '#kernel/errors';
import {
  remoteError,
  type ObjectRemote,
  type RemoteCall,
  type RemoteFailure,
  type RemoteSettings,
} from '#ports/object-remote';
import { HttpCalls, type HttpCall } from './http-calls.ts';
import { httpSettings } from './http-settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

const JOBS = 16;

/** @throws DomainError INVALID_ARGUMENT for settings of no use */
export function openHttpRemote(settings: RemoteSettings, env: Env): ObjectRemote {
  const at = httpSettings(settings);
  const calls = new HttpCalls(at, env);
  const urlOf = (path: string): URL => new URL(path.split('/').map(encodeURIComponent).join('/'), at.base);

  /** @throws the failure that the status stands for, unless it is one of `allowed` */
  async function send(path: string, call: Omit<HttpCall, 'url'>, allowed: readonly number[] = []) {
    const answer = await calls.send({ ...call, url: urlOf(path) }).catch((error: unknown) => {
      throw asTold(at, path, error, call.signal);
    });
    const status = answer.statusCode ?? 0;
    if ((status >= 200 && status < 300) || allowed.includes(status)) return { answer, status };
    answer.resume();
    throw remoteError(at, failureOf(status), path, { cause: new Error(`${call.method} was answered with ${status}`) });
  }

  return {
    name: at.name,
    address: at.address,
    jobs: JOBS,
    listing: { by: 'none' },
    async has(path, { signal } = {}) {
      const head = await send(path, { method: 'HEAD', signal }, [404, 405, 501]);
      head.answer.resume();
      if (head.status !== 405 && head.status !== 501) return head.status !== 404;
      const { answer, status } = await send(path, { method: 'GET', signal }, [404]);
      answer.destroy();
      return status !== 404;
    },
    list() {
      const next = () => Promise.reject(remoteError(at, 'not offered', 'list its files'));
      return { [Symbol.asyncIterator]: () => ({ next }) };
    },
    async read(path, { signal } = {}) {
      const { answer } = await send(path, { method: 'GET', signal });
      const length = answer.headers['content-length'];
      return {
        sizeBytes: length === undefined ? undefined : Number(length),
        bytes: piecesOf(at, path, answer, signal),
      };
    },
    async write(path, file, { signal } = {}) {
      const sizeBytes = (await stat(file)).size;
      const { answer } = await send(path, { method: at.method, file: { path: file, sizeBytes }, signal });
      answer.resume();
    },
    async remove() {
      throw remoteError(at, 'not offered', 'remove files');
    },
    async close() {
      calls.close();
    },
  };
}

async function* piecesOf(
  at: Pick<ObjectRemote, 'name' | 'address'>,
  path: string,
  answer: IncomingMessage,
  signal: RemoteCall['signal'],
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of answer) {
      yield piece as Uint8Array;
      signal?.throwIfAborted();
    }
  } catch (error) {
    throw asTold(at, path, error, signal);
  }
}

function failureOf(status: number): RemoteFailure {
  const known: Readonly<Record<number, RemoteFailure>> = {
    401: 'unknown caller',
    403: 'refused',
    404: 'not found',
    405: 'not offered',
    407: 'unknown caller',
    408: 'unreachable',
    410: 'not found',
    413: 'full',
    429: 'unreachable',
    501: 'not offered',
    507: 'full',
  };
  return known[status] ?? (status >= 500 ? 'unreachable' : 'unfit');
}

function asTold(
  at: Pick<ObjectRemote, 'name' | 'address'>,
  path: string,
  error: unknown,
  signal: RemoteCall['signal'],
): unknown {
  if (signal?.aborted) return signal.reason;
  // What the socket, TLS or the protocol threw; a file of this machine that cannot be read is another matter.
  const isLocal = error instanceof Error && 'path' in error;
  if (error instanceof DomainError || isLocal) return error;
  return remoteError(at, 'unreachable', path, { cause: error });
}
