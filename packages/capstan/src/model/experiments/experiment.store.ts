import { sql, type Selectable } from 'kysely';
import { prepared, type Reader, type Schema, type Writer } from '#database';
import { greatestEver } from './trash/watermark.store.ts';
import { ARTIFACT_SCHEME, type Experiment, type KeyValue, type Lifecycle } from './model.ts';

type Row = Selectable<Schema['experiments']>;

export async function findExperiment(reader: Reader, id: number): Promise<Experiment | undefined> {
  const row = await reader.selectFrom('experiments').selectAll().where('id', '=', id).executeTakeFirst();
  return row && (await withTags(reader, [row]))[0];
}

/** What a new run asks of its experiment. */
export type ExperimentOfRuns = Pick<Experiment, 'id' | 'name' | 'lifecycle' | 'artifactLocation'>;

const selectOfRuns = prepared<{ id: number }, Pick<Row, 'id' | 'name' | 'lifecycle' | 'artifact_location'>>(
  (given) => sql`select id, name, lifecycle, artifact_location from experiments where id = ${given('id')}`,
);

export async function findExperimentOfRuns(reader: Reader, id: number): Promise<ExperimentOfRuns | undefined> {
  const { rows } = await selectOfRuns(reader, { id });
  const [row] = rows;
  return (
    row && { id: String(row.id), name: row.name, lifecycle: row.lifecycle, artifactLocation: row.artifact_location }
  );
}

export async function findExperimentByName(reader: Reader, name: string): Promise<Experiment | undefined> {
  const row = await reader.selectFrom('experiments').selectAll().where('name', '=', name).executeTakeFirst();
  return row && (await withTags(reader, [row]))[0];
}

/** Ids are never used again, those of purged experiments neither. */
export async function nextExperimentId(writer: Writer): Promise<number> {
  return (await greatestEver(writer, 'experiments', 'id')) + 1;
}

export async function insertExperiment(
  writer: Writer,
  experiment: { id: number; name: string; artifactLocation?: string | undefined; at: number },
): Promise<void> {
  await writer
    .insertInto('experiments')
    .values({
      id: experiment.id,
      name: experiment.name,
      artifact_location: experiment.artifactLocation ?? `${ARTIFACT_SCHEME}${experiment.id}`,
      lifecycle: 'active',
      created_at: experiment.at,
      updated_at: experiment.at,
      deleted_at: null,
    })
    .execute();
}

export async function renameExperiment(writer: Writer, id: number, name: string, at: number): Promise<void> {
  await writer.updateTable('experiments').set({ name, updated_at: at }).where('id', '=', id).execute();
}

/** Marks the experiment and its runs; returns how many runs changed. */
export async function moveExperiment(writer: Writer, id: number, to: Lifecycle, at: number): Promise<number> {
  const change = { lifecycle: to, updated_at: at, deleted_at: to === 'deleted' ? at : null };
  await writer.updateTable('experiments').set(change).where('id', '=', id).execute();
  const moved = await writer
    .updateTable('runs')
    .set(change)
    .where('experiment_id', '=', id)
    .where('lifecycle', '<>', to)
    .executeTakeFirst();
  return Number(moved.numUpdatedRows);
}

export async function putExperimentTags(
  writer: Writer,
  id: number,
  tags: readonly KeyValue[],
  at: number,
): Promise<void> {
  for (const { key, value } of tags) {
    await writer
      .insertInto('experiment_tags')
      .values({ experiment_id: id, key, value })
      .onConflict((conflict) => conflict.columns(['experiment_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
  await writer.updateTable('experiments').set({ updated_at: at }).where('id', '=', id).execute();
}

/** False when there was no such tag. */
export async function removeExperimentTag(writer: Writer, id: number, key: string): Promise<boolean> {
  const removed = await writer
    .deleteFrom('experiment_tags')
    .where('experiment_id', '=', id)
    .where('key', '=', key)
    .executeTakeFirst();
  return removed.numDeletedRows > 0n;
}

/** Active and deleted runs, by experiment id. */
export async function countRuns(
  reader: Reader,
  ids: readonly string[],
): Promise<Map<string, { active: number; deleted: number }>> {
  const counts = new Map(ids.map((id) => [id, { active: 0, deleted: 0 }]));
  if (ids.length === 0) return counts;
  const rows = await reader
    .selectFrom('runs')
    .select(['experiment_id', 'lifecycle', sql<number>`count(*)`.as('count')])
    .where('experiment_id', 'in', ids.map(Number))
    .groupBy(['experiment_id', 'lifecycle'])
    .execute();
  for (const row of rows) {
    const count = counts.get(String(row.experiment_id));
    if (count) count[row.lifecycle] = Number(row.count);
  }
  return counts;
}

export async function withTags(reader: Reader, rows: readonly Row[]): Promise<Experiment[]> {
  if (rows.length === 0) return [];
  const tags = await reader
    .selectFrom('experiment_tags')
    .selectAll()
    .where(
      'experiment_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('key')
    .execute();
  return rows.map((row) => ({
    id: String(row.id),
    name: row.name,
    artifactLocation: row.artifact_location,
    lifecycle: row.lifecycle,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    tags: tags.filter((tag) => tag.experiment_id === row.id).map(({ key, value }) => ({ key, value })),
  }));
}
