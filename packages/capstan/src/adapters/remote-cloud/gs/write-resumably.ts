// Large files in pieces, one after the other: what arrived is not sent again where the connection breaks.
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '#kernel/errors';
import { pieceOf } from '../rest/file-pieces.ts';
import { textOf, type RestCall } from '../rest/rest-calls.ts';
import { isSuccess } from '../rest/rest-failures.ts';

type Send = (call: RestCall) => Promise<IncomingMessage>;

/** Google takes multiples of 256 KiB, the last piece aside. */
const PIECE_BYTES = 8 << 20;
const MOST_TRIES = 4;
/** The server keeps what it has and wants more. */
const MORE = 308;

interface ResumableCall {
  readonly signal?: AbortSignal | undefined;
  /** What a status and the body with it mean. */
  readonly refused: (status: number, text: string) => unknown;
}

/**
 * Nothing is there for others before the last piece is. An upload that does not get there is given up.
 * @see https://cloud.google.com/storage/docs/performing-resumable-uploads
 */
export async function writeResumably(
  send: Send,
  url: URL,
  { handle, size }: { readonly handle: FileHandle; readonly size: number },
  { signal, refused }: ResumableCall,
): Promise<void> {
  const headers = { 'x-upload-content-length': String(size), 'x-upload-content-type': 'application/octet-stream' };
  const begun = await send({ method: 'POST', url, headers, signal });
  const text = await textOf(begun);
  const { location } = begun.headers;
  if (!isSuccess(begun) || location === undefined) throw refused(begun.statusCode ?? 0, text);
  const session = new URL(location, url);
  const put = async (range: string, body: Buffer) =>
    await arrived(
      await send({ method: 'PUT', url: session, headers: { 'content-range': range }, body, signal }),
      size,
      refused,
    );
  try {
    let fruitless = 0;
    for (let start = 0; start < size;) {
      const piece = await pieceOf(handle, start, Math.min(PIECE_BYTES, size - start));
      let has: number;
      try {
        has = await put(`bytes ${start}-${start + piece.length - 1}/${size}`, piece);
      } catch (error) {
        if (signal?.aborted || !mayGoOn(error) || fruitless === MOST_TRIES) throw error;
        has = await put(`bytes */${size}`, Buffer.alloc(0)).catch(() => start);
      }
      fruitless = has > start ? 0 : fruitless + 1;
      if (fruitless > MOST_TRIES) throw new Error('the server keeps nothing of what is sent');
      start = has;
    }
  } catch (error) {
    await send({ method: 'DELETE', url: session }).then(
      (answer) => answer.resume(),
      () => {},
    );
    throw error;
  }
}

/** How many bytes the server has. @throws what a refusal means */
async function arrived(answer: IncomingMessage, size: number, refused: ResumableCall['refused']): Promise<number> {
  const text = await textOf(answer);
  if (isSuccess(answer)) return size;
  if (answer.statusCode !== MORE) throw refused(answer.statusCode ?? 0, text);
  const [, last] = /^bytes=0-(\d+)$/.exec(answer.headers.range ?? '') ?? [];
  return last === undefined ? 0 : Number(last) + 1;
}

/** A broken connection, or a server that asks to come again. */
const mayGoOn = (error: unknown): boolean => !(error instanceof DomainError) || error.code === 'UNAVAILABLE';
