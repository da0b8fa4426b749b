import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { BlobStore, Digest } from './blob-store.ts';

/** A piece of a log, cut between characters. */
export interface LogPiece {
  readonly text: string;
  readonly offset: number;
  readonly nextOffset: number;
  readonly sizeBytes: number;
}

const TAIL_BYTES = 64 * 1024;

/** The last lines of a log, empty ones at its end left out. A log that is not there has none. */
export async function lastLines(file: string, count: number): Promise<string[]> {
  const piece = await readLogFile(file, { offset: -TAIL_BYTES, limitBytes: TAIL_BYTES, isWhole: true });
  if (!piece) return [];
  const lines = piece.text.trimEnd().split('\n').slice(-count);
  return lines.length === 1 && lines[0] === '' ? [] : lines;
}

export interface LogRange {
  /** First byte; a negative number counts from the end. */
  readonly offset: number;
  readonly limitBytes: number;
}

/** A piece of a log file, which grows while it is not whole. Undefined where there is no file. */
export async function readLogFile(
  file: string,
  { offset, limitBytes, isWhole }: LogRange & { readonly isWhole: boolean },
): Promise<LogPiece | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = await handle.stat();
    const start = startOf(offset, size);
    const bytes = Buffer.alloc(Math.min(limitBytes, size - start));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    return pieceOf(bytes.subarray(0, bytesRead), start, { sizeBytes: size, isWhole });
  } finally {
    await handle.close();
  }
}

/** The same of a log that has been stored. */
export async function readStoredLog(
  blobs: BlobStore,
  digest: Digest,
  { offset, limitBytes }: LogRange,
): Promise<LogPiece> {
  const { sizeBytes } = await blobs.stat(digest);
  const start = startOf(offset, sizeBytes);
  const end = Math.min(start + limitBytes, sizeBytes) - 1;
  const bytes = end < start ? Buffer.alloc(0) : await buffer(await blobs.read(digest, { start, end }));
  return pieceOf(bytes, start, { sizeBytes, isWhole: true });
}

export function startOf(offset: number, sizeBytes: number): number {
  return offset < 0 ? Math.max(0, sizeBytes + offset) : Math.min(offset, sizeBytes);
}

/** Leaves out parts of characters: those at the front when the start was not a character's, those at the end for the next piece. */
export function pieceOf(bytes: Buffer, start: number, log: { sizeBytes: number; isWhole: boolean }): LogPiece {
  const { sizeBytes } = log;
  const isRest = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;
  let from = 0;
  while (from < 3 && isRest(bytes[from])) from++;
  let to = bytes.length;
  // At the end of a whole log half a character is all there will be.
  if (!log.isWhole || start + to < sizeBytes) {
    const cut = lastCharacterStart(bytes);
    if (cut > from) to = cut;
  }
  return { text: bytes.toString('utf8', from, to), offset: start + from, nextOffset: start + to, sizeBytes };
}

/** Where the last character starts when it is not whole; else the end. */
function lastCharacterStart(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
