import { sql, type Selectable } from 'kysely';
import type { EventRecord } from '@capstan/api';
import { prepared, preparedInsert, type Reader, type Schema, type Writer } from '#database';
import type { Link } from './model.ts';

export interface EventQuery {
  readonly project?: string | undefined;
  readonly subject?: string | undefined;
  readonly type?: string | undefined;
  readonly cycle?: string | undefined;
  /** Only facts after this sequence number. */
  readonly after?: number | undefined;
  readonly limit: number;
}

const selectHead = prepared<{}, { seq: number; hash: string }>(
  () => sql`select seq, hash from events order by seq desc limit 1`,
);
const insertEvent = preparedInsert('events', [
  ...(['seq', 'id', 'type', 'project', 'subject', 'actor', 'at', 'causation_seq', 'cycle', 'payload'] as const),
  ...(['prev_hash', 'hash'] as const),
]);

export async function head(reader: Reader): Promise<{ seq: number; hash: string } | undefined> {
  const { rows } = await selectHead(reader, {});
  return rows[0];
}

export async function insert(writer: Writer, link: Link): Promise<void> {
  const { record } = link;
  await insertEvent(writer, {
    seq: record.seq,
    id: record.id,
    type: record.type,
    project: record.project ?? null,
    subject: record.subject,
    actor: record.actor,
    at: record.at,
    causation_seq: record.causationSeq ?? null,
    cycle: record.cycle ?? null,
    payload: JSON.stringify(record.payload),
    prev_hash: link.previousHash,
    hash: record.hash,
  });
}

export async function list(reader: Reader, query: EventQuery): Promise<EventRecord[]> {
  let rows = reader.selectFrom('events').selectAll().orderBy('seq').limit(query.limit);
  for (const column of ['project', 'subject', 'type', 'cycle'] as const) {
    const wanted = query[column];
    if (wanted !== undefined) rows = rows.where(column, '=', wanted);
  }
  if (query.after !== undefined) rows = rows.where('seq', '>', query.after);
  return (await rows.execute()).map(toRecord);
}

export async function get(reader: Reader, seq: number): Promise<EventRecord | undefined> {
  const row = await reader.selectFrom('events').selectAll().where('seq', '=', seq).executeTakeFirst();
  return row && toRecord(row);
}

export async function links(reader: Reader, after: number, limit: number): Promise<Link[]> {
  const rows = await reader
    .selectFrom('events')
    .selectAll()
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ record: toRecord(row), previousHash: row.prev_hash }));
}

function toRecord(row: Selectable<Schema['events']>): EventRecord {
  return {
    seq: row.seq,
    id: row.id,
    type: row.type,
    ...(row.project !== null && { project: row.project }),
    subject: row.subject,
    actor: row.actor,
    at: row.at,
    ...(row.causation_seq !== null && { causationSeq: row.causation_seq }),
    ...(row.cycle !== null && { cycle: row.cycle }),
    payload: JSON.parse(row.payload) as Record<string, unknown>,
    hash: row.hash,
  };
}
