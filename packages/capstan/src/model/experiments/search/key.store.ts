import { sql } from 'kysely';
import type { Reader } from '#database';

/** Runs of an experiment that changed at or after an instant, by key, and the newest of their changes. */
export async function changedRuns(
  reader: Reader,
  experiment: number,
  since: number,
): Promise<{ readonly keys: readonly number[]; readonly newest: number }> {
  const { rows } = await sql<{ key: number; updated_at: number }>`
    select key, updated_at from runs where experiment_id = ${experiment} and updated_at >= ${since} order by key`.execute(
    reader,
  );
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

/** Values of a param or tag among an experiment's newest active runs, each once, sorted. */
export async function valuesOf(
  reader: Reader,
  question: { readonly of: 'param' | 'tag'; readonly key: string; readonly experiment: number },
  { runs, limit }: { readonly runs: number; readonly limit: number },
): Promise<string[]> {
  const table = sql.table(question.of === 'param' ? 'run_params' : 'run_tags');
  const { rows } = await sql<{ value: string }>`
    select distinct t.value from ${table} t where t.key = ${question.key} and t.run_key in (
      select key from runs where experiment_id = ${question.experiment} and lifecycle = 'active'
       order by start_time desc, id limit ${runs})
     order by t.value limit ${limit}`.execute(reader);
  return rows.map((row) => row.value);
}
