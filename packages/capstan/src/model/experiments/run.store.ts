import { sql, type Selectable } from 'kysely';
import {
  prepared,
  preparedInsert,
  type ReadSide,
  type Dialect,
  type Reader,
  type Schema,
  type Writer,
} from '#database';
import {
  RUN_NAME_TAG,
  type Experiment,
  type KeyValue,
  type LatestMetric,
  type Lifecycle,
  type RunInfo,
  type RunStatus,
} from './model.ts';
import { greatestEver } from './trash/watermark.store.ts';
import { exactInt64, metricValue } from './metrics/metric.store.ts';

export type RunRow = Selectable<Schema['runs']>;

/** A run with what its writers need to know of its experiment. */
export interface RunWithKey extends RunInfo {
  /** Integer that points and tags refer to. */
  readonly key: number;
}

export async function findRun(reader: Reader, id: string): Promise<RunWithKey | undefined> {
  const row = await reader.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRun(row);
}

/** Runs by id, in no order; unknown ids are left out. */
export async function findRuns(reader: Reader, ids: readonly string[]): Promise<RunWithKey[]> {
  if (ids.length === 0) return [];
  const rows = await reader.selectFrom('runs').selectAll().where('id', 'in', ids).execute();
  return rows.map(toRun);
}

export async function runsTagged(reader: Reader, key: string, value: string, limit: number): Promise<string[]> {
  const rows = await reader
    .selectFrom('run_tags')
    .innerJoin('runs', 'runs.key', 'run_tags.run_key')
    .select('runs.id')
    // Written out: partial indexes answer for values that the query names.
    .where('run_tags.key', '=', sql.lit(key))
    .where('run_tags.value', '=', value)
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** What a log call asks of a run, in one query: it is the hot path. */
export interface RunForWriting {
  readonly id: string;
  readonly key: number;
  readonly lifecycle: Lifecycle;
  readonly experimentId: number;
  readonly experimentName: string;
  /** 1 where it has a series with blocks, which may have to go (metrics/pyramid.store.ts). */
  readonly hasPyramid: 0 | 1;
}

const forWriting = sql`select r.id as "id", r.key as "key", r.lifecycle as "lifecycle",
    r.experiment_id as "experimentId", e.name as "experimentName",
    case when exists (select 1 from metric_pyramids p where p.run_key = r.key) then 1 else 0 end as "hasPyramid"
  from runs r join experiments e on e.id = r.experiment_id`;
const selectForWriting = prepared<{ id: string }, RunForWriting>(
  (given) => sql`${forWriting} where r.id = ${given('id')}`,
);
const selectManyForWriting = prepared<{ ids: string }, RunForWriting>(
  (given, { isIn }) => sql`${forWriting} where ${isIn('text', sql`r.id`, given('ids'))}`,
);

export async function findRunForWriting(writer: Writer, id: string): Promise<RunForWriting | undefined> {
  const { rows } = await selectForWriting(writer, { id });
  return rows[0];
}

/** By id; unknown ones are left out. */
export async function findRunsForWriting(
  dialect: Dialect,
  writer: Writer,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RunForWriting>> {
  const [only = ''] = ids;
  const { rows } =
    ids.length === 1
      ? await selectForWriting(writer, { id: only })
      : await selectManyForWriting(writer, { ids: dialect.listOf('text', ids) });
  return new Map(rows.map((run) => [run.id, run]));
}

/** Writes are one after another: keys count up. */
export async function nextRunKey(writer: Writer): Promise<number> {
  return Math.max(0, await greatestEver(writer, 'runs', 'key')) + 1;
}

export async function insertRun(writer: Writer, key: number, run: Omit<RunInfo, 'lifecycle'>): Promise<void> {
  await insertRunRow(writer, {
    key,
    id: run.id,
    experiment_id: Number(run.experimentId),
    name: run.name,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
    lifecycle: 'active',
    artifact_root: run.artifactRoot,
    updated_at: run.updatedAt,
    deleted_at: null,
  });
}

const insertRunRow = preparedInsert('runs', [
  ...(['key', 'id', 'experiment_id', 'name', 'user_id', 'status', 'start_time', 'end_time', 'lifecycle'] as const),
  ...(['artifact_root', 'updated_at', 'deleted_at'] as const),
]);

/** A run with what changes of it ask of its experiment. */
export interface OpenRun {
  readonly run: RunWithKey;
  readonly experiment: Pick<Experiment, 'id' | 'name' | 'lifecycle'>;
}

const selectOpen = prepared<
  { id: string },
  RunRow & { readonly experiment_name: string; readonly experiment_lifecycle: Lifecycle }
>(
  (given) => sql`select r.*, e.name as experiment_name, e.lifecycle as experiment_lifecycle
    from runs r join experiments e on e.id = r.experiment_id where r.id = ${given('id')}`,
);

export async function findOpenRun(reader: Reader, id: string): Promise<OpenRun | undefined> {
  const { rows } = await selectOpen(reader, { id });
  const [row] = rows;
  if (!row) return undefined;
  const experiment = {
    id: String(row.experiment_id),
    name: row.experiment_name,
    lifecycle: row.experiment_lifecycle,
  };
  return { run: toRun(row), experiment };
}

const setColumns = prepared<{
  key: number;
  at: number;
  status: string | null;
  endTime: number | null;
  name: string | null;
  lifecycle: string | null;
}>(
  (given) => sql`update runs set updated_at = ${given('at')}, status = coalesce(${given('status')}, status),
      end_time = coalesce(${given('endTime')}, end_time), name = coalesce(${given('name')}, name),
      lifecycle = coalesce(${given('lifecycle')}, lifecycle),
      deleted_at = case ${given('lifecycle')} when 'deleted' then ${given('at')} when 'active' then null else deleted_at end
    where key = ${given('key')}`,
);

/** Changes only what is given. */
export async function updateRun(
  writer: Writer,
  key: number,
  change: {
    readonly status?: RunStatus | undefined;
    readonly endTime?: number | undefined;
    readonly name?: string | undefined;
    readonly lifecycle?: Lifecycle | undefined;
  },
  at: number,
): Promise<void> {
  const { status = null, endTime = null, name = null, lifecycle = null } = change;
  await setColumns(writer, { key, at, status, endTime, name, lifecycle });
}

/** Notes that something of the runs changed. */
export async function touchRuns(dialect: Dialect, writer: Writer, keys: readonly number[], at: number): Promise<void> {
  if (keys.length > 0) await setUpdatedAt(writer, { keys: dialect.listOf('integer', keys), at });
}

export async function touchRun(writer: Writer, key: number, at: number): Promise<void> {
  await setUpdatedAtOfOne(writer, { key, at });
}

const setUpdatedAt = prepared<{ keys: string; at: number }>(
  (given, { isIn }) =>
    sql`update runs set updated_at = ${given('at')} where ${isIn('integer', sql`key`, given('keys'))}`,
);
const setUpdatedAtOfOne = prepared<{ key: number; at: number }>(
  (given) => sql`update runs set updated_at = ${given('at')} where key = ${given('key')}`,
);

const textColumns = [
  { name: 'run_key', type: 'integer' },
  { name: 'key', type: 'text' },
  { name: 'value', type: 'text' },
] as const;

/** Texts of runs, by run key. */
type TextsOfRuns = ReadonlyMap<number, readonly KeyValue[]>;

function textRows(texts: TextsOfRuns): Map<number, [number, string, string][]> {
  return new Map(
    Array.from(texts, ([run, own]) => [run, own.map(({ key, value }): [number, string, string] => [run, key, value])]),
  );
}

/** Returns how many of each run were new. */
export async function insertParams(
  dialect: Dialect,
  writer: Writer,
  params: TextsOfRuns,
): Promise<ReadonlyMap<number, number>> {
  return await dialect.insertManyOf(writer, 'run_params', textColumns, textRows(params));
}

const onKnownTag = sql`on conflict (run_key, key) do update set value = excluded.value where run_tags.value <> excluded.value`;

/** Sets tags, each key of a run at most once; returns how many of each run are new or changed. */
export async function putTags(
  dialect: Dialect,
  writer: Writer,
  tags: TextsOfRuns,
): Promise<ReadonlyMap<number, number>> {
  return await dialect.insertManyOf(writer, 'run_tags', textColumns, textRows(tags), onKnownTag);
}

/** False when there was no such tag. */
export async function removeTag(writer: Writer, run: number, key: string): Promise<boolean> {
  const removed = await writer
    .deleteFrom('run_tags')
    .where('run_key', '=', run)
    .where('key', '=', key)
    .executeTakeFirst();
  return removed.numDeletedRows > 0n;
}

const selectParams = prepared<{ ids: string; keys: string }, { run_key: number; key: string; value: string }>(
  (given, { isIn }) => sql`select p.run_key, p.key, p.value from runs r join run_params p on p.run_key = r.key
    where ${isIn('text', sql`r.id`, given('ids'))} and ${isIn('text', sql`p.key`, given('keys'))}`,
);

/** Values that runs have of some params at least those that are wanted of each, by run key. */
export async function findParamsOf(
  dialect: Dialect,
  reader: Reader,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Map<number, Map<string, string>>> {
  const found = new Map<number, Map<string, string>>();
  if (wanted.size === 0) return found;
  const keys = new Set(Array.from(wanted.values(), (own) => [...own]).flat());
  const lists = { ids: dialect.listOf('text', [...wanted.keys()]), keys: dialect.listOf('text', [...keys]) };
  for (const { run_key, key, value } of (await selectParams(reader, lists)).rows) {
    const params = found.get(run_key) ?? new Map<string, string>();
    found.set(run_key, params.set(key, value));
  }
  return found;
}

export const nameTag = (name: string): KeyValue => ({ key: RUN_NAME_TAG, value: name });

/** Which keys of what was logged to load: all, or these. */
export type Projection = readonly string[] | 'all';

/** Params or tags of runs, by run key, sorted by name. */
export async function textsOf(
  { dialect, read }: ReadSide,
  table: 'run_params' | 'run_tags',
  runs: readonly number[],
  wanted: Projection,
): Promise<Map<number, KeyValue[]>> {
  const found = new Map<number, KeyValue[]>(runs.map((run) => [run, []]));
  if (wanted.length === 0) return found;
  const only = wanted === 'all' ? sql`` : sql`and key in (${sql.join(wanted)})`;
  const rows = await dialect.selectLists<readonly [run: number, key: string, value: string]>(
    read,
    sql`select run_key, key, value from ${sql.table(table)}
         where ${dialect.isOneOf(sql`run_key`, runs)} ${only} order by run_key, key`,
  );
  for (const [run, key, value] of rows) found.get(run)?.push({ key, value });
  return found;
}

type LatestRow = readonly [
  run: number,
  name: string,
  step: number | string,
  loggedAt: number | string,
  value: number,
  min: number | null,
  max: number | null,
];

/** Latest metrics of runs, by run key, sorted by name. */
export async function latestOf(
  { dialect, read }: ReadSide,
  runs: readonly number[],
  wanted: Projection,
): Promise<Map<number, LatestMetric[]>> {
  const found = new Map<number, LatestMetric[]>(runs.map((run) => [run, []]));
  if (wanted.length === 0) return found;
  const { exactInteger } = dialect;
  const only = wanted === 'all' ? sql`` : sql`and k.name in (${sql.join(wanted)})`;
  const rows = await dialect.selectLists<LatestRow>(
    read,
    sql`select l.run_key, k.name, ${exactInteger(sql`l.step`)} as step, ${exactInteger(sql`l.logged_at`)} as logged_at,
           l.value, l.min_value, l.max_value
      from latest_metrics l join metric_keys k on k.id = l.metric_id
     where ${dialect.isOneOf(sql`l.run_key`, runs)} ${only}
     order by l.run_key, k.name`,
  );
  for (const row of rows) found.get(row[0])?.push(toLatest(row));
  return found;
}

function toLatest([, key, step, loggedAt, value, min, max]: LatestRow): LatestMetric {
  return { key, value: metricValue(value), timestamp: exactInt64(loggedAt), step: exactInt64(step), min, max };
}

export function toRun(row: RunRow): RunWithKey {
  return {
    key: row.key,
    id: row.id,
    experimentId: String(row.experiment_id),
    name: row.name,
    userId: row.user_id,
    status: row.status,
    startTime: row.start_time,
    endTime: row.end_time,
    lifecycle: row.lifecycle,
    artifactRoot: row.artifact_root,
    updatedAt: row.updated_at,
  };
}
