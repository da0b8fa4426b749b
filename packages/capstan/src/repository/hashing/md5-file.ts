import { createHash, hash as hashOnce, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { HashScheme } from '#protocols/dvc';

const READ_BYTES = 1 << 20;
/** DVC looks at this much of each piece to tell text from binary. */
const SNIFFED_BYTES = 512;
const MOST_STRANGE_SHARE = 0.3;

/** Read again for each file: a thread hashes one at a time. */
let buffer: Buffer | undefined;

/** A file read whole while it was hashed, where it fits into one piece; the memory is lent until the next call. */
export interface HashedBytes {
  readonly digest: Buffer;
  /** Null for a file of more than one piece. */
  readonly bytes: Buffer | null;
  readonly sizeBytes: number;
}

/**
 * MD5 of a file's bytes, or of its text with Unix line ends as DVC 2 took it (by pieces of 1 MiB, each text or binary by
 * its first 512 bytes). Blocks: for threads, and for few small files.
 * @throws the error of the file system
 */
export function hashFile(path: string, isDos2unix = false): HashedBytes {
  buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
  const file = openSync(path, 'r');
  try {
    const first = fill(file, buffer);
    if (first < READ_BYTES) {
      const bytes = buffer.subarray(0, first);
      return { digest: hashOnce('md5', asHashed(bytes, isDos2unix), 'buffer'), bytes, sizeBytes: first };
    }
    const hash = createHash('md5');
    update(hash, buffer, isDos2unix);
    let sizeBytes = first;
    for (let read = fill(file, buffer); read > 0; read = fill(file, buffer)) {
      update(hash, buffer.subarray(0, read), isDos2unix);
      sizeBytes += read;
      if (read < READ_BYTES) break;
    }
    return { digest: hash.digest(), bytes: null, sizeBytes };
  } finally {
    closeSync(file);
  }
}

/** The hash of bytes that are at hand, up to the size of one piece; in hexadecimal digits. */
export function bytesHash(bytes: Uint8Array, scheme: HashScheme): string {
  return hashOnce(
    'md5',
    asHashed(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), scheme === 'md5-dos2unix'),
  );
}

/** The hash of bytes that come in pieces of any size. */
export interface StreamHash {
  update(piece: Uint8Array): void;
  /** In hexadecimal digits. */
  digest(): string;
}

export function streamHash(scheme: HashScheme): StreamHash {
  const hash = createHash('md5');
  if (scheme === 'md5') return { update: (piece) => void hash.update(piece), digest: () => hash.digest('hex') };
  // Cut as `hashFile` cuts a file.
  const whole = Buffer.allocUnsafe(READ_BYTES);
  let filled = 0;
  const take = (): void => {
    if (filled > 0) update(hash, whole.subarray(0, filled), true);
    filled = 0;
  };
  return {
    update(piece) {
      for (let at = 0; at < piece.length;) {
        const taken = piece.subarray(at, at + READ_BYTES - filled);
        whole.set(taken, filled);
        filled += taken.length;
        at += taken.length;
        if (filled === READ_BYTES) take();
      }
    },
    digest() {
      take();
      return hash.digest('hex');
    },
  };
}

/** Pieces must be whole, since the old hash depends on where they are cut. */
function fill(file: number, target: Buffer): number {
  let filled = 0;
  while (filled < target.length) {
    const read = readSync(file, target, filled, target.length - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

function update(hash: Hash, bytes: Buffer, isDos2unix: boolean): void {
  hash.update(asHashed(bytes, isDos2unix));
}

function asHashed(bytes: Buffer, isDos2unix: boolean): Buffer {
  return isDos2unix && isText(bytes) ? withUnixLineEnds(bytes) : bytes;
}

/** As DVC 2 guessed: no NUL, and at most 30 % of the head outside printable ASCII and the usual white space. */
function isText(bytes: Buffer): boolean {
  const head = bytes.subarray(0, SNIFFED_BYTES);
  let strange = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    const isUsual = (byte >= 0x20 && byte < 0x7f) || (byte >= 0x08 && byte <= 0x0d && byte !== 0x0b);
    if (!isUsual) strange++;
  }
  return strange <= head.length * MOST_STRANGE_SHARE;
}

function withUnixLineEnds(bytes: Buffer): Buffer {
  if (!bytes.includes('\r\n')) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}
