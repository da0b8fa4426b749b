import type { Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import type { RunRow } from '../store.ts';

export type LogPieceRow = Selectable<Schema['attempt_log_pieces']>;

/** Notes what a run was linked with, also of one that has ended. */
export async function setLinks(
  writer: Writer,
  id: string,
  links: { readonly inputs: string; readonly model_versions: string },
): Promise<void> {
  await writer.updateTable('pipeline_runs').set(links).where('id', '=', id).where('source', '=', 'checkout').execute();
}

/** Notes that a checkout was heard of; the run is the caller's until the end of the transaction. */
export async function hear(writer: Writer, id: string, now: number): Promise<RunRow | undefined> {
  return await writer
    .updateTable('pipeline_runs')
    .set({ heard_at: now })
    .where('id', '=', id)
    .where('source', '=', 'checkout')
    .returningAll()
    .executeTakeFirst();
}

export async function endOpenAttempts(writer: Writer, run: string, at: number, reason: string): Promise<void> {
  await writer
    .updateTable('stage_attempts')
    .set({ status: 'lost', reason, ended_at: at })
    .where('pipeline_run', '=', run)
    .where('status', '=', 'running')
    .execute();
}

export async function lastPiece(reader: Reader, attempt: string): Promise<LogPieceRow | undefined> {
  return await reader
    .selectFrom('attempt_log_pieces')
    .selectAll()
    .where('attempt', '=', attempt)
    .orderBy('start', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** How many bytes of a log have come. */
export async function logSize(reader: Reader, attempt: string): Promise<number> {
  const last = await reader
    .selectFrom('attempt_log_pieces')
    .select(['start', 'size_bytes'])
    .where('attempt', '=', attempt)
    .orderBy('start', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last ? last.start + last.size_bytes : 0;
}

/** Pieces that hold bytes of a range, in order. */
export async function piecesIn(reader: Reader, attempt: string, from: number, to: number): Promise<LogPieceRow[]> {
  return await reader
    .selectFrom('attempt_log_pieces')
    .selectAll()
    .where('attempt', '=', attempt)
    .where('start', '<', to)
    .where((where) => where(where('start', '+', where.ref('size_bytes')), '>', from))
    .orderBy('start')
    .execute();
}

/** The piece at or behind an offset. */
export async function pieceFrom(reader: Reader, attempt: string, start: number): Promise<LogPieceRow | undefined> {
  return await reader
    .selectFrom('attempt_log_pieces')
    .selectAll()
    .where('attempt', '=', attempt)
    .where('start', '>=', start)
    .orderBy('start')
    .limit(1)
    .executeTakeFirst();
}

export async function insertPiece(writer: Writer, piece: LogPieceRow): Promise<void> {
  await writer.insertInto('attempt_log_pieces').values(piece).execute();
}

/** Makes a piece longer. */
export async function extendPiece(writer: Writer, piece: LogPieceRow, bytes: Uint8Array): Promise<void> {
  const whole = Buffer.concat([piece.bytes, bytes]);
  await writer
    .updateTable('attempt_log_pieces')
    .set({ bytes: whole, size_bytes: whole.length })
    .where('attempt', '=', piece.attempt)
    .where('start', '=', piece.start)
    .execute();
}

export async function removePieces(writer: Writer, attempt: string): Promise<void> {
  await writer.deleteFrom('attempt_log_pieces').where('attempt', '=', attempt).execute();
}

export async function countFacts(writer: Writer, id: string, facts: number): Promise<void> {
  await writer.updateTable('pipeline_runs').set({ facts }).where('id', '=', id).execute();
}
