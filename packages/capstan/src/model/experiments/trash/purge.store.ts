import { sql } from 'kysely';
import type { Reader, Writer } from '#database';
import type { Digest } from '#ports/blob-store';

/** Every table whose rows belong to a run, and go with it. A test holds this against the schema. */
export const tablesOfRun = [
  'metric_points',
  'latest_metrics',
  'metric_pyramids',
  'metric_blocks',
  'run_params',
  'run_tags',
  'run_dataset_inputs',
  'run_models',
] as const;

/** Every table whose rows belong to a logged model, and go with it; so do the links of runs to it. */
export const tablesOfLoggedModel = [
  'logged_model_params',
  'logged_model_tags',
  'logged_model_metrics',
  'run_models',
] as const;

/** Something that nobody sees any more and whose rows are still to be removed. */
export interface Purge {
  readonly kind: 'run' | 'logged-model';
  /** A run's integer key as text, or a logged model's id. */
  readonly key: string;
  readonly root: string;
}

export interface Removed {
  readonly rows: number;
  /** Bytes that the removed files had, by digest. */
  readonly blobs: ReadonlyMap<Digest, number>;
  readonly files: number;
}

/** Points removed in one transaction: others write in between. */
const POINTS_AT_ONCE = 50_000;

export async function insertPurges(writer: Writer, purges: readonly Purge[], at: number): Promise<void> {
  for (const { kind, key, root } of purges) {
    await writer.insertInto('purges').values({ kind, key, artifact_root: root, purged_at: at }).execute();
  }
}

/** Those that are not done, the oldest first. */
export async function openPurges(reader: Reader, limit: number): Promise<Purge[]> {
  const rows = await reader.selectFrom('purges').selectAll().orderBy('purged_at').orderBy('key').limit(limit).execute();
  return rows.map((row) => ({ kind: row.kind, key: row.key, root: row.artifact_root }));
}

/** One more portion of a run's points; returns how many went, 0 at the end. */
export async function removeSomePoints(writer: Writer, runKey: number): Promise<number> {
  const { rows } = await sql<{ metric_id: number }>`
    select metric_id from metric_points where run_key = ${runKey} limit 1`.execute(writer);
  const metric = rows[0]?.metric_id;
  if (metric === undefined) return 0;
  const last = await sql<{ step: string }>`
    select cast(step as text) as step from metric_points where run_key = ${runKey} and metric_id = ${metric}
     order by metric_points.step limit 1 offset ${sql.lit(POINTS_AT_ONCE)}`.execute(writer);
  const step = last.rows[0]?.step;
  const until = step === undefined ? sql`` : sql`and step <= cast(${step} as bigint)`;
  const removed = await sql`
    delete from metric_points where run_key = ${runKey} and metric_id = ${metric} ${until}`.execute(writer);
  return Number(removed.numAffectedRows ?? 0n);
}

/** All that is left of it, and the note that it is to be removed. */
export async function finishPurge(writer: Writer, purge: Purge): Promise<Removed> {
  let rows = purge.kind === 'run' ? await removeRowsOfRun(writer, Number(purge.key)) : 0;
  if (purge.kind === 'logged-model') {
    for (const table of tablesOfLoggedModel) rows += await removeWhere(writer, table, 'model_id', purge.key);
  }
  const artifacts = await writer
    .selectFrom('artifacts')
    .select(['digest', 'size_bytes'])
    .where('root', '=', purge.root)
    .execute();
  rows += await removeWhere(writer, 'artifacts', 'root', purge.root);
  rows += await removeWhere(writer, 'multipart_uploads', 'root', purge.root);
  await writer.deleteFrom('purges').where('kind', '=', purge.kind).where('key', '=', purge.key).execute();
  const blobs = new Map(artifacts.map((row) => [row.digest as Digest, row.size_bytes]));
  return { rows, blobs, files: artifacts.length };
}

async function removeRowsOfRun(writer: Writer, runKey: number): Promise<number> {
  // Datasets that only this run has read.
  const datasets = await sql`
    delete from run_datasets
     where id in (select dataset_id from run_dataset_inputs where run_key = ${runKey})
       and not exists (select 1 from run_dataset_inputs i where i.dataset_id = run_datasets.id and i.run_key <> ${runKey})
  `.execute(writer);
  let rows = Number(datasets.numAffectedRows ?? 0n);
  for (const table of tablesOfRun) rows += await removeWhere(writer, table, 'run_key', runKey);
  return rows;
}

async function removeWhere(writer: Writer, table: string, column: string, value: string | number): Promise<number> {
  const removed = await sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(writer);
  return Number(removed.numAffectedRows ?? 0n);
}

/** What removing it would remove, without doing so. */
export async function countPurge(reader: Reader, purge: Purge): Promise<Removed> {
  const count = async (table: string, column: string, value: string | number): Promise<number> => {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(reader);
    return Number(rows[0]?.count ?? 0);
  };
  let rows = 1;
  if (purge.kind === 'run') for (const table of tablesOfRun) rows += await count(table, 'run_key', Number(purge.key));
  else for (const table of tablesOfLoggedModel) rows += await count(table, 'model_id', purge.key);
  const artifacts = await reader
    .selectFrom('artifacts')
    .select(['digest', 'size_bytes'])
    .where('root', '=', purge.root)
    .execute();
  const blobs = new Map(artifacts.map((row) => [row.digest as Digest, row.size_bytes]));
  return { rows: rows + artifacts.length, blobs, files: artifacts.length };
}
