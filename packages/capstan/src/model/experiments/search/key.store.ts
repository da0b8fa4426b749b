import { sql, type RawBuilder } from 'kysely';
import type { Reader } from '#database';
import type { GroupKey } from './run-group.store.ts';
import { textTables } from './run-search.store.ts';

/**
 * Runs of an experiment that changed at or after an instant, or came behind a key, by key; and the newest of their
 * changes. Imported runs are dated as they were elsewhere, so only their key tells that they are new.
 */
export async function changedRuns(
  reader: Reader,
  experiment: number,
  { since, behind }: { readonly since: number; readonly behind: number },
): Promise<{ readonly keys: readonly number[]; readonly newest: number }> {
  const { rows } = await sql<{ key: number; updated_at: number }>`
    select key, updated_at from runs
     where experiment_id = ${experiment} and (updated_at >= ${since} or key > ${behind}) order by key`.execute(reader);
  return {
    keys: rows.map((row) => row.key),
    newest: rows.reduce((newest, row) => Math.max(newest, row.updated_at), since),
  };
}

/** Names of what these runs have logged. */
export async function keysOfRuns(
  reader: Reader,
  runs: readonly number[],
): Promise<Record<'metrics' | 'params' | 'tags', string[]>> {
  if (runs.length === 0) return { metrics: [], params: [], tags: [] };
  const list = sql.join(runs);
  const metrics = await sql<{ key: string }>`
    select name as key from metric_keys
     where id in (select distinct metric_id from latest_metrics where run_key in (${list}))`.execute(reader);
  const params = await sql<{ key: string }>`
    select distinct key from run_params where run_key in (${list})`.execute(reader);
  const tags = await sql<{ key: string }>`select distinct key from run_tags where run_key in (${list})`.execute(reader);
  const names = ({ rows }: { rows: { key: string }[] }): string[] => rows.map((row) => row.key);
  return { metrics: names(metrics), params: names(params), tags: names(tags) };
}

/** Names of what not all of these runs have, or not with one value. */
export async function differingKeys(
  reader: Reader,
  runs: readonly number[],
): Promise<Record<'metrics' | 'params' | 'tags', string[]>> {
  if (runs.length < 2) return { metrics: [], params: [], tags: [] };
  const list = sql.join(runs);
  const differs = sql`having count(*) < ${runs.length} or min(value) <> max(value)`;
  const metrics = await sql<{ key: string }>`
    select name as key from metric_keys where id in (
      select metric_id from latest_metrics where run_key in (${list}) group by metric_id ${differs}) order by name`.execute(
    reader,
  );
  const texts = async (table: 'run_params' | 'run_tags'): Promise<string[]> => {
    const { rows } = await sql<{ key: string }>`
      select key from ${sql.table(table)} where run_key in (${list}) group by key ${differs} order by key`.execute(
      reader,
    );
    return rows.map((row) => row.key);
  };
  return {
    metrics: metrics.rows.map((row) => row.key),
    params: await texts('run_params'),
    tags: await texts('run_tags'),
  };
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

/** Values that these runs have of a param or tag, each once, sorted, and whether they are all that begin so. */
export async function valuesOf(
  reader: Reader,
  runs: readonly number[],
  { of, key, prefix, limit }: GroupKey & { readonly prefix: string; readonly limit: number },
): Promise<{ readonly values: readonly string[]; readonly isWhole: boolean }> {
  if (runs.length === 0) return { values: [], isWhole: true };
  const { rows } = await sql<{ value: string }>`
    select distinct t.value from ${textTables[of]} t
     where t.run_key in (${sql.join(runs)}) and t.key = ${key} and ${beginsWith(sql`t.value`, prefix)}
     order by t.value limit ${limit + 1}`.execute(reader);
  return { values: rows.slice(0, limit).map((row) => row.value), isWhole: rows.length <= limit };
}

function beginsWith(text: RawBuilder<unknown>, prefix: string): RawBuilder<unknown> {
  const length = Array.from(prefix).length;
  return length === 0 ? sql`1 = 1` : sql`lower(substr(${text}, 1, ${sql.lit(length)})) = lower(${prefix})`;
}
