import { sql } from 'kysely';
import type { Reader } from '#database';
import { PARENT_RUN_TAG } from '../model.ts';

/** How many active runs name each of these as their parent; those without are left out. */
export async function countChildren(reader: Reader, runs: readonly string[]): Promise<Map<string, number>> {
  if (runs.length === 0) return new Map();
  // The key as a literal, or the partial index could not serve.
  const { rows } = await sql<{ parent: string; count: number }>`
    select t.value as parent, count(*) as count from run_tags t join runs r on r.key = t.run_key
     where t.key = ${sql.lit(PARENT_RUN_TAG)} and t.value in (${sql.join(runs)}) and r.lifecycle = 'active'
     group by t.value`.execute(reader);
  return new Map(rows.map((row) => [row.parent, Number(row.count)]));
}
