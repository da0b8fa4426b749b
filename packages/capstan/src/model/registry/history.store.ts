import type { Selectable, SelectQueryBuilder } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import type { Change, ChangeKind, HistoryEntry } from './model.ts';

type HistoryRow = Selectable<Schema['model_history']>;

/** Notes changes behind all that are there. */
export async function insertChanges(
  writer: Writer,
  model: { readonly id: string; readonly name: string },
  changes: readonly Change[],
  common: Pick<HistoryEntry, 'actor' | 'reason' | 'verdictId' | 'at' | 'eventSeq'>,
): Promise<void> {
  if (changes.length === 0) return;
  const last = await writer
    .selectFrom('model_history')
    .select('seq')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const first = (last?.seq ?? 0) + 1;
  const rows = changes.map((change, index) => ({
    seq: first + index,
    model_id: model.id,
    model: model.name,
    version: change.version,
    kind: change.kind,
    key: change.key,
    from_value: change.from,
    to_value: change.to,
    actor: common.actor,
    reason: common.reason,
    verdict_id: common.verdictId,
    at: common.at,
    event_seq: common.eventSeq,
  }));
  await writer.insertInto('model_history').values(rows).execute();
}

/** Whose history goes under a name: the model that has it now with all it was, and what others were while they had it. */
export interface Bearers {
  readonly name: string;
  readonly current: string | null;
  readonly ids: readonly string[];
}

export async function bearersOf(reader: Reader, name: string): Promise<Bearers> {
  const current = await reader.selectFrom('registered_models').select('id').where('name', '=', name).executeTakeFirst();
  const past = await reader
    .selectFrom('model_history')
    .select('model_id')
    .distinct()
    .where('model', '=', name)
    .execute();
  const ids = new Set(past.map((row) => row.model_id));
  if (current) ids.add(current.id);
  return { name, current: current?.id ?? null, ids: [...ids] };
}

export interface HistoryQuery {
  /** Changes of this version, moves of aliases to and from it included. */
  readonly version?: number | undefined;
  readonly kinds?: readonly ChangeKind[] | undefined;
  readonly key?: string | undefined;
  /** Only entries with a smaller `seq`. */
  readonly before?: number | undefined;
  /** Only what had happened by then. */
  readonly until?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function historyOf(reader: Reader, bearers: Bearers, query: HistoryQuery): Promise<HistoryEntry[]> {
  if (bearers.ids.length === 0) return [];
  let rows = ofBearers(reader, bearers).orderBy('seq', 'desc').limit(query.limit);
  const { version, kinds, key, before, until } = query;
  if (version !== undefined) {
    rows = rows.where(({ eb, or, and }) =>
      or([eb('version', '=', version), and([eb('kind', '=', 'alias.set'), eb('from_value', '=', String(version))])]),
    );
  }
  if (kinds !== undefined) rows = rows.where('kind', 'in', kinds);
  if (key !== undefined) rows = rows.where('key', '=', key);
  if (before !== undefined) rows = rows.where('seq', '<', before);
  if (until !== undefined) rows = rows.where('at', '<=', until);
  return (await rows.execute()).map(toEntry);
}

/** The last move of an alias by then; or the rename that took the model, and so its aliases, away from the name. */
export async function lastMove(
  reader: Reader,
  bearers: Bearers,
  alias: string,
  until: number,
): Promise<HistoryEntry | undefined> {
  if (bearers.ids.length === 0) return undefined;
  const row = await ofBearers(reader, bearers)
    .where(({ eb, or, and }) =>
      or([
        and([eb('kind', 'in', ['alias.set', 'alias.removed']), eb('key', '=', alias)]),
        and([eb('kind', '=', 'model.renamed'), eb('model_id', '<>', bearers.current ?? '')]),
      ]),
    )
    .where('at', '<=', until)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toEntry(row);
}

/** The changes that one fact stands for, in their order. */
export async function changesOf(reader: Reader, eventSeq: number): Promise<HistoryEntry[]> {
  const rows = await reader
    .selectFrom('model_history')
    .selectAll()
    .where('event_seq', '=', eventSeq)
    .orderBy('seq')
    .execute();
  return rows.map(toEntry);
}

function ofBearers(
  reader: Reader,
  { name, current, ids }: Bearers,
): SelectQueryBuilder<Schema, 'model_history', HistoryRow> {
  return reader
    .selectFrom('model_history')
    .selectAll()
    .where(({ eb, or, and }) =>
      or([eb('model_id', '=', current ?? ''), and([eb('model_id', 'in', ids), eb('model', '=', name)])]),
    );
}

function toEntry(row: HistoryRow): HistoryEntry {
  return {
    seq: row.seq,
    model: row.model,
    version: row.version,
    kind: row.kind,
    key: row.key,
    from: row.from_value,
    to: row.to_value,
    actor: row.actor,
    reason: row.reason,
    verdictId: row.verdict_id,
    at: row.at,
    eventSeq: row.event_seq,
  };
}
