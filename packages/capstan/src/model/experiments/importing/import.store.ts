// Many rows of many objects at once: an import is as fast as the database takes rows.
import { sql } from 'kysely';
import type { Dialect, Reader, Writer } from '#database';
import { toRun, type RunRow, type RunWithKey } from '../run.store.ts';
import {
  latestColumns,
  leastSteps,
  modelPointColumns,
  onKnownMetric,
  pointColumns,
  storedValue,
  summarise,
  type Summary,
} from '../metrics/metric.store.ts';
import { forgetBehind, runsWithPyramid } from '../metrics/pyramid.store.ts';
import type { ForeignLoggedModel, ForeignRun, PointSeries } from './foreign.ts';

/** How many values one `in (…)` holds. */
const CHUNK = 1_000;

const text = (name: string) => ({ name, type: 'text' }) as const;
const integer = (name: string) => ({ name, type: 'integer' }) as const;

export interface ExperimentRow {
  readonly id: number;
  readonly name: string;
  readonly artifact_location: string;
}

export async function experimentsByName(reader: Reader, names: readonly string[]): Promise<ExperimentRow[]> {
  return await inChunks(names, (chunk) =>
    reader.selectFrom('experiments').select(['id', 'name', 'artifact_location']).where('name', 'in', chunk).execute(),
  );
}

export async function experimentsById(reader: Reader, ids: readonly number[]): Promise<ExperimentRow[]> {
  return await inChunks(ids, (chunk) =>
    reader.selectFrom('experiments').select(['id', 'name', 'artifact_location']).where('id', 'in', chunk).execute(),
  );
}

export async function insertExperiments(
  dialect: Dialect,
  writer: Writer,
  rows: readonly (readonly [
    id: number,
    name: string,
    location: string,
    lifecycle: string,
    createdAt: number,
    updatedAt: number,
  ])[],
): Promise<void> {
  const columns = [
    integer('id'),
    text('name'),
    text('artifact_location'),
    text('lifecycle'),
    integer('created_at'),
    integer('updated_at'),
  ];
  await dialect.insertMany(writer, 'experiments', columns, rows);
}

/** Tags that are here already keep their value. */
export async function addExperimentTags(
  dialect: Dialect,
  writer: Writer,
  rows: readonly (readonly [experiment: number, key: string, value: string])[],
): Promise<void> {
  await dialect.insertMany(writer, 'experiment_tags', [integer('experiment_id'), text('key'), text('value')], rows);
}

export async function runsById(reader: Reader, ids: readonly string[]): Promise<RunWithKey[]> {
  const rows: RunRow[] = await inChunks(ids, (chunk) =>
    reader.selectFrom('runs').selectAll().where('id', 'in', chunk).execute(),
  );
  return rows.map(toRun);
}

export interface KeyedRun {
  readonly key: number;
  readonly run: ForeignRun;
  readonly name: string;
  readonly artifactRoot: string;
  readonly updatedAt: number;
}

export async function insertRuns(dialect: Dialect, writer: Writer, runs: readonly KeyedRun[]): Promise<void> {
  const columns = [
    integer('key'),
    text('id'),
    integer('experiment_id'),
    text('name'),
    text('user_id'),
    text('status'),
    integer('start_time'),
    integer('end_time'),
    text('lifecycle'),
    text('artifact_root'),
    integer('updated_at'),
  ];
  const rows = runs.map(
    ({ key, run, name, artifactRoot, updatedAt }) =>
      [
        key,
        run.id,
        Number(run.experimentId),
        name,
        run.userId,
        run.status,
        run.startTime,
        run.endTime,
        run.lifecycle,
        artifactRoot,
        updatedAt,
      ] as const,
  );
  await dialect.insertMany(writer, 'runs', columns, rows);
}

/** Brings facts of runs that are here up to date. */
export async function updateRuns(dialect: Dialect, writer: Writer, runs: readonly KeyedRun[]): Promise<void> {
  const set = [
    text('name'),
    text('user_id'),
    text('status'),
    integer('start_time'),
    integer('end_time'),
    text('lifecycle'),
    integer('updated_at'),
  ];
  const rows = runs.map(
    ({ key, run, name, updatedAt }) =>
      [name, run.userId, run.status, run.startTime, run.endTime, run.lifecycle, updatedAt, key] as const,
  );
  await dialect.updateMany(writer, 'runs', { set, keys: [integer('key')] }, rows);
}

type TextRow = readonly [owner: number, key: string, value: string];
const runTextColumns = [integer('run_key'), text('key'), text('value')];

/** Params that are here keep their value; returns how many were new. */
export async function insertRunParams(dialect: Dialect, writer: Writer, rows: readonly TextRow[]): Promise<number> {
  return await dialect.insertMany(writer, 'run_params', runTextColumns, rows);
}

/** Returns how many are new or changed. */
export async function putRunTags(dialect: Dialect, writer: Writer, rows: readonly TextRow[]): Promise<number> {
  const change = sql`on conflict (run_key, key) do update set value = excluded.value
    where run_tags.value <> excluded.value`;
  return await dialect.insertMany(writer, 'run_tags', runTextColumns, rows, change);
}

/** Params of runs, by run key. */
export async function paramsOf(reader: Reader, runs: readonly number[]): Promise<Map<number, Map<string, string>>> {
  const rows = await inChunks(runs, (chunk) =>
    reader.selectFrom('run_params').selectAll().where('run_key', 'in', chunk).execute(),
  );
  const found = new Map<number, Map<string, string>>();
  for (const row of rows) {
    const params = found.get(row.run_key);
    if (params) params.set(row.key, row.value);
    else found.set(row.run_key, new Map([[row.key, row.value]]));
  }
  return found;
}

/** Stores points of many runs and moves the latest values; returns how many were new. */
export async function insertPointsOfRuns(
  dialect: Dialect,
  writer: Writer,
  runs: readonly { readonly key: number; readonly metrics: readonly PointSeries[] }[],
  ids: ReadonlyMap<string, number>,
): Promise<number> {
  const rows: (readonly (number | bigint)[])[] = [];
  const latest: (readonly (number | bigint | null)[])[] = [];
  for (const { key: run, metrics } of runs) {
    const summaries = new Map<number, Summary>();
    for (const { key, steps, timestamps, values } of metrics) {
      const id = ids.get(key) ?? 0;
      for (let index = 0; index < values.length; index++) {
        const step = steps[index] ?? 0;
        const timestamp = timestamps[index] ?? 0;
        const value = storedValue(values[index] ?? Number.NaN);
        summarise(summaries, id, step, timestamp, value);
        rows.push([run, id, step, timestamp, value]);
      }
    }
    for (const [id, at] of summaries) latest.push([run, id, at.step, at.timestamp, at.value, at.min, at.max]);
  }
  const added = await dialect.insertMany(writer, 'metric_points', pointColumns, rows);
  if (added === 0) return 0;
  await dialect.insertMany(writer, 'latest_metrics', latestColumns, latest, onKnownMetric);
  const having = await inChunks([...new Set(runs.map(({ key }) => key))], (chunk) => runsWithPyramid(writer, chunk));
  for (const { key, metrics } of runs.filter((run) => having.includes(run.key)))
    await forgetBehind(writer, key, leastSteps(metrics.flatMap(pointsOf), ids));
  return added;
}

const pointsOf = ({ key, steps }: PointSeries) => steps.map((step) => ({ key, step }));

export async function loggedModelIds(reader: Reader, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await inChunks(ids, (chunk) =>
    reader.selectFrom('logged_models').select(['id', 'experiment_id']).where('id', 'in', chunk).execute(),
  );
  return new Map(rows.map((row) => [row.id, row.experiment_id]));
}

/** Stores logged models, or brings those that are here up to date. */
export async function putLoggedModels(
  dialect: Dialect,
  writer: Writer,
  models: readonly { readonly model: ForeignLoggedModel; readonly name: string; readonly artifactRoot: string }[],
): Promise<void> {
  const columns = [
    text('id'),
    integer('experiment_id'),
    text('name'),
    text('model_type'),
    text('status'),
    text('source_run_id'),
    text('artifact_root'),
    text('lifecycle'),
    integer('created_at'),
    integer('updated_at'),
  ];
  const rows = models.map(
    ({ model, name, artifactRoot }) =>
      [
        model.id,
        Number(model.experimentId),
        name,
        model.modelType,
        model.status,
        model.sourceRunId,
        artifactRoot,
        model.lifecycle,
        model.createdAt,
        model.updatedAt,
      ] as const,
  );
  const change = sql`on conflict (id) do update set name = excluded.name, model_type = excluded.model_type,
    status = excluded.status, source_run_id = excluded.source_run_id, lifecycle = excluded.lifecycle,
    created_at = excluded.created_at, updated_at = excluded.updated_at`;
  await dialect.insertMany(writer, 'logged_models', columns, rows, change);
}

export async function putLoggedModelTexts(
  dialect: Dialect,
  writer: Writer,
  table: 'logged_model_params' | 'logged_model_tags',
  rows: readonly (readonly [model: string, key: string, value: string])[],
): Promise<void> {
  const change = sql`on conflict (model_id, key) do update set value = excluded.value`;
  await dialect.insertMany(writer, table, [text('model_id'), text('key'), text('value')], rows, change);
}

/** Returns how many were new. */
export async function insertPointsOfModels(
  dialect: Dialect,
  writer: Writer,
  models: readonly ForeignLoggedModel[],
  ids: ReadonlyMap<string, number>,
): Promise<number> {
  const rows = models.flatMap(({ id, metrics }) =>
    metrics.flatMap(({ key, steps, timestamps, values, runId, datasetName, datasetDigest }) =>
      values.map(
        (value, index) =>
          [
            id,
            ids.get(key) ?? 0,
            datasetName,
            datasetDigest,
            steps[index] ?? 0,
            timestamps[index] ?? 0,
            storedValue(value),
            runId,
          ] as const,
      ),
    ),
  );
  return await dialect.insertMany(writer, 'logged_model_metrics', modelPointColumns, rows);
}

async function inChunks<Item, Row>(
  items: readonly Item[],
  query: (chunk: readonly Item[]) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let start = 0; start < items.length; start += CHUNK) {
    rows.push(...(await query(items.slice(start, start + CHUNK))));
  }
  return rows;
}
