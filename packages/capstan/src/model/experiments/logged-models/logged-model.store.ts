import { sql, type Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import { readInt64 } from '#kernel/int64';
import type { KeyValue, Lifecycle, LoggedModel, LoggedModelMetric, LoggedModelStatus } from '../model.ts';
import { metricValue } from '../metrics/metric.store.ts';

export type LoggedModelRow = Selectable<Schema['logged_models']>;

export async function findLoggedModel(reader: Reader, id: string): Promise<LoggedModelRow | undefined> {
  return await reader.selectFrom('logged_models').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Those of the ids that there are, deleted ones too. */
export async function findLoggedModelIds(reader: Reader, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const storable = ids.filter((id) => !id.includes('\0') && id.isWellFormed());
  if (storable.length === 0) return new Set();
  const rows = await reader.selectFrom('logged_models').select('id').where('id', 'in', storable).execute();
  return new Set(rows.map((row) => row.id));
}

export async function insertLoggedModel(writer: Writer, row: LoggedModelRow): Promise<void> {
  await writer.insertInto('logged_models').values(row).execute();
}

export async function updateLoggedModel(
  writer: Writer,
  id: string,
  change: { status?: LoggedModelStatus; lifecycle?: Lifecycle },
  at: number,
): Promise<void> {
  await writer
    .updateTable('logged_models')
    .set({
      ...change,
      updated_at: at,
      ...(change.lifecycle !== undefined && { deleted_at: change.lifecycle === 'deleted' ? at : null }),
    })
    .where('id', '=', id)
    .execute();
}

export async function putLoggedModelTexts(
  writer: Writer,
  table: 'logged_model_params' | 'logged_model_tags',
  id: string,
  texts: readonly KeyValue[],
): Promise<void> {
  for (const { key, value } of texts) {
    await writer
      .insertInto(table)
      .values({ model_id: id, key, value })
      .onConflict((conflict) => conflict.columns(['model_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
}

export async function findLoggedModelParams(reader: Reader, id: string): Promise<ReadonlyMap<string, string>> {
  const rows = await reader
    .selectFrom('logged_model_params')
    .select(['key', 'value'])
    .where('model_id', '=', id)
    .execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

export async function removeLoggedModelTag(writer: Writer, id: string, key: string): Promise<boolean> {
  const removed = await writer
    .deleteFrom('logged_model_tags')
    .where('model_id', '=', id)
    .where('key', '=', key)
    .executeTakeFirst();
  return removed.numDeletedRows > 0n;
}

interface MetricRow {
  readonly model_id: string;
  readonly name: string;
  readonly step: string;
  readonly logged_at: string;
  readonly value: number;
  readonly run_id: string;
  readonly dataset_name: string;
  readonly dataset_digest: string;
}

/** Adds tags, params and metrics, in a few queries however many models there are. */
export async function loadLoggedModels(reader: Reader, rows: readonly LoggedModelRow[]): Promise<LoggedModel[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const tags = await textsOf(reader, 'logged_model_tags', ids);
  const params = await textsOf(reader, 'logged_model_params', ids);
  const metrics = await metricsOf(reader, ids);
  return rows.map((row) => ({
    id: row.id,
    experimentId: String(row.experiment_id),
    name: row.name,
    modelType: row.model_type,
    status: row.status,
    sourceRunId: row.source_run_id,
    artifactRoot: row.artifact_root,
    lifecycle: row.lifecycle,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    tags: tags.get(row.id) ?? [],
    params: params.get(row.id) ?? [],
    metrics: metrics.get(row.id) ?? [],
  }));
}

async function textsOf(
  reader: Reader,
  table: 'logged_model_params' | 'logged_model_tags',
  ids: readonly string[],
): Promise<Map<string, KeyValue[]>> {
  const rows = await reader
    .selectFrom(table)
    .selectAll()
    .where('model_id', 'in', ids)
    .orderBy('model_id')
    .orderBy('key')
    .execute();
  return groupById(rows, ({ key, value }) => ({ key, value }));
}

async function metricsOf(reader: Reader, ids: readonly string[]): Promise<Map<string, LoggedModelMetric[]>> {
  const { rows } = await sql<MetricRow>`
    select m.model_id, k.name, cast(m.step as text) as step, cast(m.logged_at as text) as logged_at, m.value, m.run_id,
           m.dataset_name, m.dataset_digest
      from logged_model_metrics m join metric_keys k on k.id = m.metric_id
     where m.model_id in (${sql.join(ids)})
     order by m.model_id, k.name, m.dataset_name, m.dataset_digest, m.step, m.logged_at, m.value`.execute(reader);
  return groupById(rows, (row) => ({
    key: row.name,
    value: metricValue(row.value),
    timestamp: readInt64(row.logged_at),
    step: readInt64(row.step),
    runId: row.run_id,
    datasetName: row.dataset_name,
    datasetDigest: row.dataset_digest,
  }));
}

function groupById<Row extends { readonly model_id: string }, Item>(
  rows: readonly Row[],
  toItem: (row: Row) => Item,
): Map<string, Item[]> {
  const grouped = new Map<string, Item[]>();
  for (const row of rows) {
    const items = grouped.get(row.model_id);
    if (items) items.push(toItem(row));
    else grouped.set(row.model_id, [toItem(row)]);
  }
  return grouped;
}
