import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { BytesInHand } from './bytes-in-hand.ts';
import { refuseAnnounced, tooLarge, tooSlow } from './limited-stream.ts';
import { inTurn } from './in-turn.ts';

/** It is held in memory: it must be there by then. */
const TIMEOUT_MS = 300_000;
/** What comes of a body in two or three pieces is read as it comes. */
const UNHURRIED_BYTES = 262_144;
const EMPTY = Buffer.alloc(0);

export interface HeldBodyLimits {
  readonly bytes: number;
  /** Longest pause between two pieces. */
  readonly idleMs: number;
  /** Counts the body until its reader gives it back; one that fails is given back already. */
  readonly inHand: BytesInHand;
}

/**
 * The whole body. By its events, not as an iterable through a counting stream: most calls carry a few hundred bytes, and
 * those would cost more than the call.
 * @throws DomainError TOO_LARGE past the limit, at once when the announced length is past it; RESOURCE_EXHAUSTED when all
 * bodies together hold too much; INVALID_ARGUMENT when it does not come in time
 */
export async function readBody(
  stream: Readable,
  headers: IncomingHttpHeaders,
  limits: HeldBodyLimits,
): Promise<Buffer> {
  refuseAnnounced(headers, limits.bytes);
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let seen = 0;
    const deadline = performance.now() + TIMEOUT_MS;
    const late = setTimeout(() => fail(tooSlow()), limits.idleMs).unref();
    let isOver = false;
    function end(): boolean {
      if (isOver) return false;
      isOver = true;
      clearTimeout(late);
      return true;
    }
    function fail(error: unknown): void {
      if (!end()) return;
      stream.pause();
      stream.removeAllListeners('data');
      limits.inHand.giveBack(seen);
      reject(error as Error);
    }
    // Every body ends with a close: an error is made for those only that were not whole by then.
    const hungUp = (): void => {
      if (!isOver) fail(new Error('the caller hung up in the middle of the body'));
    };
    const goOn = (): void => {
      if (!isOver) stream.resume();
    };
    stream.on('data', (chunk: Buffer) => {
      try {
        if (seen + chunk.length > limits.bytes) throw tooLarge(limits.bytes);
        limits.inHand.take(seen, chunk.length);
        seen += chunk.length;
        chunks.push(chunk);
        if (seen > UNHURRIED_BYTES) {
          stream.pause();
          inTurn(goOn);
        }
        if (chunks.length === 1) return;
        if (performance.now() > deadline) throw tooSlow();
        late.refresh();
      } catch (error) {
        fail(error);
      }
    });
    stream.on('end', () => {
      if (end()) resolve(chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks));
    });
    stream.on('close', hungUp);
    stream.on('aborted', hungUp);
    stream.on('error', fail);
  });
}
