import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { refuseAnnounced, tooLarge, tooSlow } from './limited-stream.ts';

/** It is held in memory: it must be there by then. */
const TIMEOUT_MS = 300_000;
const EMPTY = Buffer.alloc(0);

/**
 * The whole body. By its events, not as an iterable through a counting stream: most calls carry a few hundred bytes, and
 * those would cost more than the call.
 * @throws DomainError TOO_LARGE past the limit, at once when the announced length is past it
 */
export async function readBody(stream: Readable, headers: IncomingHttpHeaders, limitBytes: number): Promise<Buffer> {
  refuseAnnounced(headers, limitBytes);
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let seen = 0;
    const late = setTimeout(() => reject(tooSlow()), TIMEOUT_MS).unref();
    stream.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen <= limitBytes) chunks.push(chunk);
      else {
        stream.pause();
        stream.removeAllListeners('data');
        reject(tooLarge(limitBytes));
      }
    });
    stream.once('end', () => {
      clearTimeout(late);
      resolve(chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks));
    });
    stream.once('close', () => clearTimeout(late));
    stream.once('error', reject);
    stream.once('aborted', () => reject(new Error('the caller hung up in the middle of the body')));
  });
}
