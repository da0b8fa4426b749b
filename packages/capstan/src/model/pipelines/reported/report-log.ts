import { Readable } from 'node:stream';
import type { Reader, Writer } from '#database';
import { conflict, DomainError } from '#kernel/errors';
import type { Digest } from '#ports/blob-store';
import { pieceOf, startOf, type LogPiece, type LogRange } from '#ports/log-pieces';
import type { PipelinesDeps } from '../deps.ts';
import { LONGEST_LOG_BYTES } from './report-model.ts';
import * as pieces from './report.store.ts';
import type { AttemptRow } from '../store.ts';

/** A piece that is shorter takes what comes next: who prints a line now and then makes few rows. */
const PIECE_BYTES = 64 * 1024;

/**
 * Adds bytes of a log at an offset; those that are known are passed over. Returns how many are known then.
 * @throws DomainError CONFLICT where bytes between are missing, with their number; RESOURCE_EXHAUSTED for too long a log
 */
export async function addToLog(writer: Writer, attempt: string, offset: number, bytes: Uint8Array): Promise<number> {
  const last = await pieces.lastPiece(writer, attempt);
  const size = last ? last.start + last.size_bytes : 0;
  if (offset > size)
    throw conflict(`${size} bytes of the log have come, and those before ${offset} are missing`, {
      field: 'body.offset',
      hint: `Go on at ${size}.`,
      details: { sizeBytes: size },
    });
  const news = bytes.subarray(size - offset);
  if (news.length === 0) return size;
  if (size + news.length > LONGEST_LOG_BYTES)
    throw new DomainError('RESOURCE_EXHAUSTED', `A log may have ${LONGEST_LOG_BYTES} bytes at most`, {
      field: 'body.bytes',
      hint: 'End the attempt with what has come.',
    });
  if (last && last.size_bytes < PIECE_BYTES) await pieces.extendPiece(writer, last, news);
  else await pieces.insertPiece(writer, { attempt, start: size, size_bytes: news.length, bytes: news });
  return size + news.length;
}

/** A range of a log that has not been stored as a whole yet. */
export async function readPieces(reader: Reader, attempt: AttemptRow, range: LogRange): Promise<LogPiece> {
  const sizeBytes = await pieces.logSize(reader, attempt.id);
  const start = startOf(range.offset, sizeBytes);
  const end = Math.min(start + range.limitBytes, sizeBytes);
  const found = end <= start ? [] : await pieces.piecesIn(reader, attempt.id, start, end);
  const whole = Buffer.concat(found.map(({ bytes }) => bytes));
  const from = start - (found[0]?.start ?? start);
  return pieceOf(whole.subarray(from, from + end - start), start, { sizeBytes, isWhole: attempt.status !== 'running' });
}

/** Stores what has come of a log as one blob; undefined where nothing has. The pieces stay until they are removed. */
export async function storeWhole(
  { blobs, database }: Pick<PipelinesDeps, 'blobs' | 'database'>,
  attempt: string,
  sizeBytes: number,
): Promise<Digest | undefined> {
  if (sizeBytes === 0) return undefined;
  const { digest } = await blobs.put(Readable.from(bytesOf(database.read, attempt, sizeBytes)));
  return digest;
}

async function* bytesOf(reader: Reader, attempt: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes;) {
    const piece = await pieces.pieceFrom(reader, attempt, at);
    if (piece?.start !== at) return;
    yield piece.bytes.subarray(0, sizeBytes - at);
    at += piece.size_bytes;
  }
}
