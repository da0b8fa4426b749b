import { sql } from 'kysely';
import type { Reader, Writer } from '#database';
import type { Purge } from './purge.store.ts';

export const trashKinds = ['experiment', 'run', 'logged-model'] as const;
export type TrashKind = (typeof trashKinds)[number];

export interface TrashKey {
  readonly kind: TrashKind;
  readonly id: string;
}

/** Something in the trash. What lies in a deleted experiment is part of it. */
export interface TrashItem extends TrashKey {
  readonly name: string;
  readonly experimentId: string;
  readonly experimentName: string;
  readonly deletedAt: number;
  /** Of its files, whether others have the same bytes or not. */
  readonly sizeBytes: number;
  readonly files: number;
  /** Runs that it holds: those of an experiment, or itself. */
  readonly runs: number;
  /** Value of its experiment's retention tag, or null. */
  readonly retention: string | null;
}

export interface TrashQuery {
  readonly kind?: TrashKind | undefined;
  readonly after?: (TrashKey & { readonly deletedAt: number }) | undefined;
  readonly limit: number;
}

interface Row {
  readonly kind: TrashKind;
  readonly id: string;
  readonly name: string;
  readonly experiment_id: number;
  readonly experiment_name: string;
  readonly deleted_at: number;
  readonly root: string;
  readonly retention: string | null;
}

/** Last deleted first. */
export async function listTrash(
  reader: Reader,
  { kind, after, limit }: TrashQuery,
  retentionTag: string,
): Promise<TrashItem[]> {
  const isWanted = kind === undefined ? sql`` : sql`and kind = ${kind}`;
  const isBehind = after
    ? sql`and (deleted_at < ${after.deletedAt} or (deleted_at = ${after.deletedAt}
        and (kind > ${after.kind} or (kind = ${after.kind} and id > ${after.id}))))`
    : sql``;
  const { rows } = await sql<Row>`
    select trash.*, (select value from experiment_tags g
      where g.experiment_id = trash.experiment_id and g.key = ${retentionTag}) as retention from (
      select 'experiment' as kind, cast(id as text) as id, name, id as experiment_id, name as experiment_name,
             deleted_at, '' as root from experiments where lifecycle = 'deleted'
      union all
      select 'run', r.id, r.name, r.experiment_id, e.name, r.deleted_at, r.artifact_root
        from runs r join experiments e on e.id = r.experiment_id
       where r.lifecycle = 'deleted' and e.lifecycle = 'active'
      union all
      select 'logged-model', m.id, m.name, m.experiment_id, e.name, m.deleted_at, m.artifact_root
        from logged_models m join experiments e on e.id = m.experiment_id
       where m.lifecycle = 'deleted' and e.lifecycle = 'active') as trash
     where 1 = 1 ${isWanted} ${isBehind} order by deleted_at desc, kind, id limit ${sql.lit(limit)}`.execute(reader);
  return await Promise.all(rows.map((row) => withSize(reader, row)));
}

async function withSize(reader: Reader, row: Row): Promise<TrashItem> {
  const roots =
    row.kind === 'experiment'
      ? sql`root in (select artifact_root from runs where experiment_id = ${row.experiment_id}
          union all select artifact_root from logged_models where experiment_id = ${row.experiment_id})`
      : sql`root = ${row.root}`;
  const { rows } = await sql<{ files: number; bytes: number | null; runs: number }>`
    select count(*) as files, sum(size_bytes) as bytes,
           (select count(*) from runs where experiment_id = ${row.experiment_id}) as runs
      from artifacts where ${roots}`.execute(reader);
  const sums = rows[0];
  return {
    kind: row.kind,
    id: row.id,
    name: row.name,
    experimentId: String(row.experiment_id),
    experimentName: row.experiment_name,
    deletedAt: Number(row.deleted_at),
    sizeBytes: Number(sums?.bytes ?? 0),
    files: Number(sums?.files ?? 0),
    retention: row.retention,
    runs: row.kind === 'experiment' ? Number(sums?.runs ?? 0) : row.kind === 'run' ? 1 : 0,
  };
}

/** Keys of everything that was in the trash at `until` or before, by the time limit of its experiment where it has one. */
export async function trashedUntil(reader: Reader, retentionTag: string): Promise<TrashedRow[]> {
  const { rows } = await sql<TrashedRow>`
    select t.kind as kind, t.id as id, t.deleted_at as "deletedAt", g.value as retention from (
      select 'experiment' as kind, cast(id as text) as id, id as experiment_id, deleted_at
        from experiments where lifecycle = 'deleted'
      union all select 'run', id, experiment_id, deleted_at from runs where lifecycle = 'deleted'
      union all select 'logged-model', id, experiment_id, deleted_at from logged_models where lifecycle = 'deleted') as t
      left join experiment_tags g on g.experiment_id = t.experiment_id and g.key = ${retentionTag}
     order by t.deleted_at, t.kind, t.id`.execute(reader);
  return rows.map((row) => ({ ...row, deletedAt: Number(row.deletedAt) }));
}

export interface TrashedRow extends TrashKey {
  readonly deletedAt: number;
  /** Value of the experiment's tag, or null. */
  readonly retention: string | null;
}

export interface Purgeable extends Purge {
  readonly id: string;
  readonly name: string;
  readonly experimentId: number;
  readonly experimentName: string;
  readonly lifecycle: 'active' | 'deleted';
  readonly sourceRunId: string | null;
}

/** Runs and logged models by id, or all of an experiment. */
export async function findPurgeables(
  reader: Reader,
  wanted: { readonly kind: 'run' | 'logged-model'; readonly ids: readonly string[] } | { readonly experiment: number },
): Promise<Purgeable[]> {
  const found: Purgeable[] = [];
  const ofKind = (kind: 'run' | 'logged-model'): boolean => 'experiment' in wanted || wanted.kind === kind;
  if (!('experiment' in wanted) && wanted.ids.length === 0) return found;
  const chosen =
    'experiment' in wanted ? sql`t.experiment_id = ${wanted.experiment}` : sql`t.id in (${sql.join(wanted.ids)})`;
  if (ofKind('run')) {
    const { rows } = await sql<Purgeable>`
      select 'run' as kind, cast(t.key as text) as key, t.artifact_root as root, t.id as id, t.name as name,
             t.experiment_id as "experimentId", e.name as "experimentName", t.lifecycle as lifecycle,
             null as "sourceRunId"
        from runs t join experiments e on e.id = t.experiment_id where ${chosen}`.execute(reader);
    found.push(...rows);
  }
  if (ofKind('logged-model')) {
    const { rows } = await sql<Purgeable>`
      select 'logged-model' as kind, t.id as key, t.artifact_root as root, t.id as id, t.name as name,
             t.experiment_id as "experimentId", e.name as "experimentName", t.lifecycle as lifecycle,
             t.source_run_id as "sourceRunId"
        from logged_models t join experiments e on e.id = t.experiment_id where ${chosen}`.execute(reader);
    found.push(...rows);
  }
  return found;
}

/** Takes the row that makes it visible, and what imports remember of it: one that comes again is brought again. */
export async function removeVisible(writer: Writer, purge: Purge): Promise<void> {
  const gone =
    purge.kind === 'run'
      ? await writer.deleteFrom('runs').where('key', '=', Number(purge.key)).returning('id').execute()
      : await writer.deleteFrom('logged_models').where('id', '=', purge.key).returning('id').execute();
  for (const { id } of gone) {
    await writer.deleteFrom('import_marks').where('kind', '=', purge.kind).where('id', '=', id).execute();
  }
}

/** The experiment and what belongs to it alone; its runs and models are gone before. Returns how many rows. */
export async function removeExperiment(writer: Writer, id: number): Promise<number> {
  let rows = 0;
  for (const [table, column] of [
    ['experiment_tags', 'experiment_id'],
    ['import_experiments', 'experiment_id'],
    ['experiments', 'id'],
  ] as const) {
    const removed = await sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${id}`.execute(writer);
    rows += Number(removed.numAffectedRows ?? 0n);
  }
  return rows;
}
