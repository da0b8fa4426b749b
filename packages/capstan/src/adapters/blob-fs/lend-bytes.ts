import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ByteRange, Digest, LentBytes } from '#ports/blob-store';
import { dataLoss } from './storage-errors.ts';

/** Two of them a reader. Small enough to go from the disk to the hash and the socket within a processor's cache. */
const PIECE_BYTES = 256 * 1024;

interface Wanted {
  readonly digest: Digest;
  /** How large the file is. */
  readonly sizeBytes: number;
  readonly range?: ByteRange | undefined;
}

/**
 * The bytes of an open file, which it closes, in two buffers by turns: one is read while the caller works on the other.
 * Without a range the last piece is given only when all of them have the digest, so that a receiver of damaged bytes
 * never gets as many as it was told and cannot take them for whole. Fails with DomainError DATA_LOSS.
 */
export function lendBytes(handle: FileHandle, { digest, sizeBytes, range }: Wanted): LentBytes {
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  const hash = range ? undefined : createHash('sha256');
  let reading: Promise<Buffer> | undefined;
  let closing: Promise<void> | undefined;

  async function* pieces(): AsyncGenerator<Buffer> {
    let position = start;
    const buffers = [newBuffer(end + 1 - start), newBuffer(end + 1 - start - PIECE_BYTES)];
    const readNext = (): Promise<Buffer> | undefined => {
      const [buffer] = buffers.splice(0, 1);
      const length = Math.min(PIECE_BYTES, end + 1 - position);
      if (!buffer || length <= 0) return undefined;
      buffers.push(buffer);
      position += length;
      const piece = readWhole(handle, buffer.subarray(0, length), position - length, digest);
      // Whoever waits for it next hears of it.
      piece.catch(() => {});
      return piece;
    };
    try {
      reading = readNext();
      while (reading) {
        const piece: Buffer = await reading;
        reading = readNext();
        hash?.update(piece);
        if (!reading) assertDigest();
        yield piece;
      }
      if (sizeBytes === 0) assertDigest();
    } finally {
      await close();
    }
  }

  function assertDigest(): void {
    if (hash && `sha256:${hash.digest('hex')}` !== digest) throw dataLoss(digest);
  }

  function close(): Promise<void> {
    // The file must not be closed under a read.
    closing ??= Promise.allSettled([reading]).then(() => handle.close());
    return closing;
  }

  return { [Symbol.asyncIterator]: pieces, close };
}

/** The same bytes for whoever keeps the pieces: each has memory of its own. */
export function ownBytes(lent: LentBytes): Readable {
  const pieces = lent[Symbol.asyncIterator]();
  // No generator: one that was never asked for anything does not hear that it may go.
  const copies: AsyncIterator<Buffer> = {
    async next() {
      const { done, value } = await pieces.next();
      return done === true ? { done, value: undefined } : { value: Buffer.from(value) };
    },
    async return() {
      await lent.close();
      return { done: true, value: undefined };
    },
  };
  const options = { objectMode: false, highWaterMark: PIECE_BYTES };
  return Readable.from({ [Symbol.asyncIterator]: () => copies }, options);
}

function newBuffer(leftBytes: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, Math.max(0, leftBytes)));
}

/** One call may give only a part. @throws DomainError DATA_LOSS where the file ends before */
async function readWhole(handle: FileHandle, piece: Buffer, position: number, digest: Digest): Promise<Buffer> {
  for (let done = 0; done < piece.length;) {
    const { bytesRead } = await handle.read(piece, done, piece.length - done, position + done);
    if (bytesRead === 0) throw dataLoss(digest);
    done += bytesRead;
  }
  return piece;
}
