import type { IncomingMessage } from 'node:http';
import { DomainError } from '#kernel/errors';
import { remoteError, type ObjectRemote, type RemoteCall, type RemoteFailure } from '#ports/object-remote';

type Place = Pick<ObjectRemote, 'name' | 'address'>;

/** What a store says of a call that it does not do: its own code, and words for people. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const BY_STATUS: Readonly<Record<number, RemoteFailure>> = {
  401: 'unknown caller',
  403: 'refused',
  404: 'not found',
  405: 'not offered',
  408: 'unreachable',
  410: 'not found',
  413: 'full',
  429: 'unreachable',
  507: 'full',
};

/** What a status means that the store's own code does not tell apart. */
export function failureOfStatus(status: number): RemoteFailure {
  return BY_STATUS[status] ?? (status >= 500 ? 'unreachable' : 'unfit');
}

export const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

/** A failure on the way, as every remote says it; the signal's reason where that ended the call. */
export function asTold(at: Place, what: string, error: unknown, signal: RemoteCall['signal']): unknown {
  if (signal?.aborted) return signal.reason;
  // A file of this machine that cannot be read is another matter.
  const isLocal = error instanceof Error && 'path' in error;
  if (error instanceof DomainError || isLocal) return error;
  return remoteError(at, 'unreachable', what, { cause: error });
}

/** The bytes of an answer; going away early ends its connection. */
export async function* piecesOf(
  at: Place,
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

export function sizeOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
