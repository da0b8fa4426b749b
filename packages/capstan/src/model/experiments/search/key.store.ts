import { sql, type RawBuilder } from 'kysely';
import type { Reader } from '#database';

type TextTable = 'run_params' | 'run_tags';

interface Asked {
  readonly prefix: string;
  readonly limit: number;
}

export interface Found {
  /** Sorted, each once. */
  readonly texts: readonly string[];
  /** None was left out for the limit. */
  readonly isWhole: boolean;
}

/** Keys of the newest active runs, and whether they are all. */
export async function newestRuns(
  reader: Reader,
  experiment: number | undefined,
  most: number,
): Promise<{ readonly keys: readonly number[]; readonly isWhole: boolean }> {
  if (experiment === undefined) return { keys: [], isWhole: true };
  const { rows } = await sql<{ key: number }>`
    select key from runs where experiment_id = ${experiment} and lifecycle = 'active'
     order by start_time desc, id limit ${most + 1}`.execute(reader);
  return { keys: rows.slice(0, most).map((row) => row.key), isWhole: rows.length <= most };
}

/** Names of the metrics that the runs have. */
export async function metricNames(reader: Reader, runs: readonly number[], asked: Asked): Promise<Found> {
  if (runs.length === 0) return { texts: [], isWhole: true };
  const found = sql`select k.name as text from metric_keys k
    where k.id in (select m.metric_id from latest_metrics m where m.run_key in (${sql.join(runs)}))
      and ${beginsWith(sql`k.name`, asked.prefix)}`;
  return await textsOf(reader, found, asked.limit);
}

/** Keys of the params or tags that the runs have. */
export async function textKeys(
  reader: Reader,
  table: TextTable,
  runs: readonly number[],
  asked: Asked,
): Promise<Found> {
  if (runs.length === 0) return { texts: [], isWhole: true };
  const found = sql`select distinct t.key as text from ${sql.table(table)} t
    where t.run_key in (${sql.join(runs)}) and ${beginsWith(sql`t.key`, asked.prefix)}`;
  return await textsOf(reader, found, asked.limit);
}

/** Values of one param or tag of the runs. */
export async function textValues(
  reader: Reader,
  table: TextTable,
  runs: readonly number[],
  { key, prefix, limit }: Asked & { readonly key: string },
): Promise<Found> {
  if (runs.length === 0) return { texts: [], isWhole: true };
  const found = sql`select distinct t.value as text from ${sql.table(table)} t
    where t.run_key in (${sql.join(runs)}) and t.key = ${key} and ${beginsWith(sql`t.value`, prefix)}`;
  return await textsOf(reader, found, limit);
}

async function textsOf(reader: Reader, found: RawBuilder<unknown>, limit: number): Promise<Found> {
  const { rows } = await sql<{ text: string }>`
    select text from (${found}) f order by text limit ${limit + 1}`.execute(reader);
  return { texts: rows.slice(0, limit).map((row) => row.text), isWhole: rows.length <= limit };
}

function beginsWith(text: RawBuilder<unknown>, prefix: string): RawBuilder<unknown> {
  const length = Array.from(prefix).length;
  return length === 0 ? sql`1 = 1` : sql`lower(substr(${text}, 1, ${sql.lit(length)})) = lower(${prefix})`;
}
