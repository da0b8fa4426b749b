import { sql } from 'kysely';
import type { Dialect, Reader, ReadSide, Writer } from '#database';
import { readInt64, type Int64 } from '#kernel/int64';
import { DATASET_CONTEXT_TAG, type DatasetInput, type KeyValue, type ModelReference } from './model.ts';

/** Records what a run read; a dataset that the run has named before is left as it is. Returns how many were new. */
export async function insertDatasetInputs(
  writer: Writer,
  run: { readonly key: number; readonly experimentId: number },
  datasets: readonly DatasetInput[],
): Promise<number> {
  let added = 0;
  for (const dataset of datasets) {
    const datasetId = await ensureDataset(writer, run.experimentId, dataset);
    const inserted = await writer
      .insertInto('run_dataset_inputs')
      .values({
        run_key: run.key,
        dataset_id: datasetId,
        tags: JSON.stringify(dataset.tags),
        context: dataset.tags.find((tag) => tag.key === DATASET_CONTEXT_TAG)?.value ?? null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    added += Number(inserted.numInsertedOrUpdatedRows ?? 0n);
  }
  return added;
}

/** Writes are one after another: ids count up. */
async function ensureDataset(writer: Writer, experimentId: number, dataset: DatasetInput): Promise<number> {
  const known = await writer
    .selectFrom('run_datasets')
    .select('id')
    .where('experiment_id', '=', experimentId)
    .where('name', '=', dataset.name)
    .where('digest', '=', dataset.digest)
    .executeTakeFirst();
  if (known) return known.id;
  const last = await sql<{ id: number | null }>`select max(id) as id from run_datasets`.execute(writer);
  const id = Number(last.rows[0]?.id ?? 0) + 1;
  await writer
    .insertInto('run_datasets')
    .values({
      id,
      experiment_id: experimentId,
      name: dataset.name,
      digest: dataset.digest,
      source_type: dataset.sourceType,
      source: dataset.source,
      schema: dataset.schema,
      profile: dataset.profile,
    })
    .execute();
  return id;
}

const modelColumns = [
  { name: 'run_key', type: 'integer' },
  { name: 'direction', type: 'text' },
  { name: 'model_id', type: 'text' },
  { name: 'step', type: 'integer' },
] as const;

/** Returns how many were new. */
export async function insertRunModels(
  dialect: Dialect,
  writer: Writer,
  run: number,
  direction: 'input' | 'output',
  models: readonly ModelReference[],
): Promise<number> {
  const rows = models.map(({ modelId, step }) => [run, direction, modelId, step] as const);
  return await dialect.insertMany(writer, 'run_models', modelColumns, rows);
}

export interface RunInputs {
  readonly datasets: ReadonlyMap<number, DatasetInput[]>;
  readonly modelInputs: ReadonlyMap<number, string[]>;
  readonly modelOutputs: ReadonlyMap<number, ModelReference[]>;
}

interface DatasetRow {
  readonly run_key: number;
  readonly tags: string;
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
}

/** What runs read and wrote, by run key. */
export async function inputsOf({ dialect, read }: ReadSide, runs: readonly number[]): Promise<RunInputs> {
  const datasets = new Map<number, DatasetInput[]>();
  const modelInputs = new Map<number, string[]>();
  const modelOutputs = new Map<number, ModelReference[]>();
  if (runs.length === 0) return { datasets, modelInputs, modelOutputs };
  const [found, models] = await Promise.all([
    sql<DatasetRow>`
      select i.run_key, i.tags, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
        from run_dataset_inputs i join run_datasets d on d.id = i.dataset_id
       where ${dialect.isOneOf(sql`i.run_key`, runs)} order by i.run_key, d.id`.execute(read),
    sql<{ run_key: number; direction: 'input' | 'output'; model_id: string; step: string }>`
      select run_key, direction, model_id, cast(step as text) as step from run_models
       where ${dialect.isOneOf(sql`run_key`, runs)} order by run_key, run_models.step, model_id`.execute(read),
  ]);
  for (const row of found.rows) addTo(datasets, row.run_key, toDataset(row));
  for (const row of models.rows) {
    if (row.direction === 'input') addTo(modelInputs, row.run_key, row.model_id);
    else addTo(modelOutputs, row.run_key, { modelId: row.model_id, step: readInt64(row.step) satisfies Int64 });
  }
  return { datasets, modelInputs, modelOutputs };
}

/** Active runs that read a dataset of that kind whose source holds a text, the newest first. */
export async function runsThatRead(
  reader: Reader,
  { sourceType, names, limit }: { readonly sourceType: string; readonly names: string; readonly limit: number },
): Promise<{ runId: string; digest: string }[]> {
  const holds = `%"${names.replaceAll(/[\\%_]/g, '\\$&')}"%`;
  const { rows } = await sql<{ runId: string; digest: string }>`
    select r.id as "runId", d.digest
      from run_datasets d join run_dataset_inputs i on i.dataset_id = d.id join runs r on r.key = i.run_key
     where d.source_type = ${sourceType} and d.source like ${holds} escape '\\' and r.lifecycle = 'active'
     order by r.start_time desc, r.key desc limit ${limit}`.execute(reader);
  return rows;
}

/** Distinct datasets that runs of the experiments read, with the context they were read in. */
export async function datasetSummaries(
  reader: Reader,
  experiments: readonly number[],
  limit: number,
): Promise<{ experimentId: string; name: string; digest: string; context: string | null }[]> {
  if (experiments.length === 0) return [];
  const { rows } = await sql<{ experiment_id: number; name: string; digest: string; context: string | null }>`
    select distinct d.experiment_id, d.name, d.digest, i.context
      from run_datasets d join run_dataset_inputs i on i.dataset_id = d.id
     where d.experiment_id in (${sql.join(experiments)})
     order by d.experiment_id, d.name, d.digest, i.context limit ${limit}`.execute(reader);
  return rows.map((row) => ({ ...row, experimentId: String(row.experiment_id) }));
}

function toDataset(row: DatasetRow): DatasetInput {
  return {
    name: row.name,
    digest: row.digest,
    sourceType: row.source_type,
    source: row.source,
    schema: row.schema,
    profile: row.profile,
    tags: JSON.parse(row.tags) as KeyValue[],
  };
}

function addTo<Item>(map: Map<number, Item[]>, key: number, item: Item): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
