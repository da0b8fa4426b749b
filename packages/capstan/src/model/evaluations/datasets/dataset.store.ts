import type { Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import type { KeyValue } from '#model/experiments';
import type { EvaluationDataset } from '../model.ts';

export type DatasetRow = Selectable<Schema['evaluation_datasets']>;

export async function findDataset(reader: Reader, id: string): Promise<DatasetRow | undefined> {
  return await reader.selectFrom('evaluation_datasets').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function insertDataset(writer: Writer, row: DatasetRow): Promise<void> {
  await writer.insertInto('evaluation_datasets').values(row).execute();
}

export async function updateDataset(
  writer: Writer,
  id: string,
  change: Partial<Omit<DatasetRow, 'id' | 'name' | 'created_at' | 'created_by'>>,
): Promise<void> {
  await writer.updateTable('evaluation_datasets').set(change).where('id', '=', id).execute();
}

export async function putTags(writer: Writer, id: string, tags: readonly KeyValue[]): Promise<void> {
  for (const { key, value } of tags) {
    await writer
      .insertInto('evaluation_dataset_tags')
      .values({ dataset_id: id, key, value })
      .onConflict((conflict) => conflict.columns(['dataset_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
}

/** Returns whether there were any. */
export async function removeTags(writer: Writer, id: string, keys: readonly string[]): Promise<boolean> {
  if (keys.length === 0) return false;
  const removed = await writer
    .deleteFrom('evaluation_dataset_tags')
    .where('dataset_id', '=', id)
    .where('key', 'in', keys)
    .executeTakeFirst();
  return removed.numDeletedRows > 0n;
}

/** Ids of the experiments that each is linked to, in their order. At most a few thousand datasets. */
export async function experimentsOf(reader: Reader, ids: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return found;
  const rows = await reader
    .selectFrom('evaluation_dataset_experiments')
    .select(['dataset_id', 'experiment_id'])
    .where('dataset_id', 'in', ids)
    .orderBy('experiment_id')
    .execute();
  for (const { dataset_id, experiment_id } of rows) found.get(dataset_id)?.push(String(experiment_id));
  return found;
}

/** Links that are there already stay so. */
export async function insertLinks(writer: Writer, id: string, experiments: readonly number[]): Promise<void> {
  for (const experiment of experiments) {
    await writer
      .insertInto('evaluation_dataset_experiments')
      .values({ dataset_id: id, experiment_id: experiment })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Returns those that there were. */
export async function removeLinks(writer: Writer, id: string, experiments: readonly number[]): Promise<string[]> {
  if (experiments.length === 0) return [];
  const removed = await writer
    .deleteFrom('evaluation_dataset_experiments')
    .where('dataset_id', '=', id)
    .where('experiment_id', 'in', experiments)
    .returning('experiment_id')
    .execute();
  return removed.map((row) => String(row.experiment_id));
}

/** With everything of it. Returns how many rows there were. */
export async function deleteDataset(writer: Writer, id: string): Promise<number> {
  let rows = 0;
  for (const table of ['evaluation_records', 'evaluation_dataset_tags', 'evaluation_dataset_experiments'] as const) {
    const removed = await writer.deleteFrom(table).where('dataset_id', '=', id).executeTakeFirst();
    rows += Number(removed.numDeletedRows);
  }
  await writer.deleteFrom('evaluation_datasets').where('id', '=', id).execute();
  return rows + 1;
}

/** Datasets that are linked to this experiment and to no other. */
export async function datasetsOfOnly(reader: Reader, experiment: number): Promise<string[]> {
  const rows = await reader
    .selectFrom('evaluation_dataset_experiments as here')
    .select('here.dataset_id')
    .where('here.experiment_id', '=', experiment)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('evaluation_dataset_experiments as there')
            .select('there.dataset_id')
            .whereRef('there.dataset_id', '=', 'here.dataset_id')
            .where('there.experiment_id', '<>', experiment),
        ),
      ),
    )
    .execute();
  return rows.map((row) => row.dataset_id);
}

/** Returns how many there were. */
export async function removeLinksOfExperiment(writer: Writer, experiment: number): Promise<number> {
  const removed = await writer
    .deleteFrom('evaluation_dataset_experiments')
    .where('experiment_id', '=', experiment)
    .executeTakeFirst();
  return Number(removed.numDeletedRows);
}

export async function withTags(reader: Reader, rows: readonly DatasetRow[]): Promise<EvaluationDataset[]> {
  if (rows.length === 0) return [];
  const tags = await reader
    .selectFrom('evaluation_dataset_tags')
    .selectAll()
    .where(
      'dataset_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('key')
    .execute();
  const byDataset = new Map<string, KeyValue[]>(rows.map((row) => [row.id, []]));
  for (const { dataset_id, key, value } of tags) byDataset.get(dataset_id)?.push({ key, value });
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    digest: row.digest,
    schema: row.schema,
    recordCount: row.record_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
    updatedBy: row.updated_by,
    tags: byDataset.get(row.id) ?? [],
  }));
}
