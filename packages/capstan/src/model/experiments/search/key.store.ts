import { sql } from 'kysely';
import type { Reader } from '#database';

export interface LoggedKeys {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly tags: readonly string[];
}

/** Names of metrics, params and tags of active runs, sorted. */
export async function keysOf(reader: Reader, experiments: readonly number[]): Promise<LoggedKeys> {
  if (experiments.length === 0) return { metrics: [], params: [], tags: [] };
  const runs = sql`(select key from runs where lifecycle = 'active' and experiment_id in (${sql.join(experiments)}))`;
  const metrics = await sql<{ key: string }>`
    select name as key from metric_keys
     where id in (select metric_id from latest_metrics where run_key in ${runs}) order by name`.execute(reader);
  const params = await sql<{ key: string }>`
    select distinct key from run_params where run_key in ${runs} order by key`.execute(reader);
  const tags = await sql<{ key: string }>`
    select distinct key from run_tags where run_key in ${runs} order by key`.execute(reader);
  const names = ({ rows }: { rows: { key: string }[] }): string[] => rows.map((row) => row.key);
  return { metrics: names(metrics), params: names(params), tags: names(tags) };
}
