import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InputAdapter } from '@capstan/api';
import type { Database } from '#database';
import type { Jobs } from '#jobs';
import { NO_PROJECT, type Deployments } from '#operations/deployments';
import { quoteName, type Analytics, type MemoryColumn, type MemoryType } from '#ports/analytics';
import type { BlobStore, Digest } from '#ports/blob-store';
import { decodeSegment, exampleOf, type LoggedColumn, type LoggedRequest } from '#ports/prediction-log';
import { valueIn, type LoggedValue } from './column-values.ts';
import { replaceRawWithFeatures, type FeatureRow } from './features.store.ts';
import { writeLogFile } from './log/write-log-file.ts';
import { ENOUGH_FILES, SMALL_FILE_BYTES } from './log/compact-log.ts';
import { scattered, type LogFileRow } from './log/log.store.ts';
import { SQL_TYPES } from '#ports/sql-types';
import { getSegment } from './store.ts';

export interface FeaturesDeps {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly blobs: BlobStore;
  readonly analytics: Analytics;
  readonly deployments: Deployments;
}

/**
 * Writes a segment as Parquet: the log of all that was said, and the inputs of what was answered, a file for each deployment: what the models saw, in the units that they
 * saw it in, one row for each example that was answered. Then the raw segment goes.
 */
export async function writeFeatures(deps: FeaturesDeps, segmentId: string, signal?: AbortSignal): Promise<void> {
  const segment = await getSegment(deps.database.read, segmentId);
  if (segment?.raw_digest == null) return;
  const raw = segment.raw_digest as Digest;
  const records = decodeSegment(await readFile(await deps.blobs.localFile(raw)));
  const files: FeatureRow[] = [];
  const logs: LogFileRow[] = [];
  for (const [deployment, mine] of Map.groupBy(records, (record) => record.deployment)) {
    const log = await writeLogFile(deps, { deployment, name: segmentId }, mine, signal);
    if (log) logs.push(log);
    // Only projects learn from answers, and only their models are known to take columns.
    if ((await deps.deployments.pricing(deployment)).project === NO_PROJECT) continue;
    const answered = mine.filter((record) => record.inputs !== null);
    if (answered.length > 0) files.push(...(await writeDeployment(deps, segmentId, deployment, answered, signal)));
  }
  await deps.database.write(async (writer) => {
    await replaceRawWithFeatures(writer, segmentId, files, logs);
    for (const deployment of await scattered(writer, SMALL_FILE_BYTES, ENOUGH_FILES)) {
      await deps.jobs.enqueue(writer, 'predictions.compact', { deployment }, { uniqueKey: `compact:${deployment}` });
    }
  });
  await deps.blobs.delete(raw);
}

async function writeDeployment(
  deps: FeaturesDeps,
  segment: string,
  deployment: string,
  records: readonly LoggedRequest[],
  signal: AbortSignal | undefined,
): Promise<FeatureRow[]> {
  const adapters = await deps.deployments.inputAdapters(deployment);
  const { context } = await deps.deployments.pricing(deployment);
  const names = { id: context.id ?? 'example_id', time: context.eventTime ?? 'event_time' };
  const rows = answeredRows(records, adapters);
  if (rows.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'capstan-features-'));
  try {
    const target = join(folder, 'features.parquet');
    const inputs = inputColumns(records, rows).filter(({ name }) => name !== names.id && name !== names.time);
    const memory = {
      rows: { rows: rows.length, columns: [...ownColumns(rows), ...inputs.map(({ column }) => column)] },
    };
    const sql = featureSql(inputs, names);
    await deps.analytics.write(
      { tables: {}, memory, sql, ...(signal && { signal }) },
      { path: target, format: 'parquet' },
    );
    const { digest, sizeBytes } = await deps.blobs.put(createReadStream(target));
    let [minEventTime, maxEventTime] = [Infinity, -Infinity];
    for (const { eventTime } of rows) {
      minEventTime = Math.min(minEventTime, eventTime);
      maxEventTime = Math.max(maxEventTime, eventTime);
    }
    return [{ segment, deployment, digest, sizeBytes, rows: rows.length, minEventTime, maxEventTime }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Names that no input can have, since they are not made of an input's name. */
const ID = 'id';
const TIME = 'time';
const SEEN = 'seen';

/** An example that was answered. */
interface AnsweredRow {
  readonly record: LoggedRequest;
  readonly row: number;
  readonly eventTime: number;
  readonly adapters: Readonly<Record<string, InputAdapter>>;
}

function answeredRows(
  records: readonly LoggedRequest[],
  adapters: ReadonlyMap<number, Readonly<Record<string, InputAdapter>>>,
): AnsweredRow[] {
  const rows: AnsweredRow[] = [];
  for (const record of records) {
    for (const part of record.parts) {
      if (part.role === 'shadow' || part.error !== null) continue;
      const own = adapters.get(part.revision) ?? {};
      for (let index = 0; index < (part.rows?.length ?? record.rows); index++) {
        const row = part.rows?.[index] ?? index;
        rows.push({ record, row, eventTime: record.eventTimes?.[row] ?? record.at, adapters: own });
      }
    }
  }
  return rows;
}

function ownColumns(rows: readonly AnsweredRow[]): MemoryColumn[] {
  const at = (index: number): AnsweredRow => rows[index] as AnsweredRow;
  return [
    { name: ID, type: 'varchar', valueAt: (index) => exampleOf(at(index).record, at(index).row) ?? '' },
    { name: TIME, type: 'bigint', valueAt: (index) => BigInt(at(index).eventTime) },
    { name: SEEN, type: 'bigint', valueAt: (index) => BigInt(at(index).record.at) },
  ];
}

/** A column of the file: what it is called there and what it becomes there. */
interface InputColumn {
  readonly name: string;
  readonly type: MemoryType;
  readonly column: MemoryColumn;
}

/** A tensor of several values a row becomes as many columns. */
function inputColumns(records: readonly LoggedRequest[], rows: readonly AnsweredRow[]): InputColumn[] {
  const columns = new Map<string, { type: MemoryType; readonly input: string; readonly place: number }>();
  for (const record of records) {
    for (const { name, width, datatype } of record.inputs ?? []) {
      const type = SQL_TYPES[datatype] ?? 'varchar';
      for (let place = 0; place < width; place++) {
        const key = width === 1 ? name : `${name}_${place}`;
        const known = columns.get(key);
        if (known) known.type = type;
        else columns.set(key, { type, input: name, place });
      }
    }
  }
  return [...columns].map(([name, { type, input, place }]) => {
    const written = WRITTEN[type] ?? 'double';
    const valueAt = (index: number): LoggedValue => {
      const { record, row, adapters } = rows[index] as AnsweredRow;
      const column = record.inputs?.find((each) => each.name === input);
      if (!column || place >= column.width) return null;
      return asWritten(fedValue(column, row * column.width + place, adapters[input]), written);
    };
    return { name, type, column: { name: cellName(name), type: written, valueAt } };
  });
}

/** Numbers are written as JavaScript's, whatever they become; 64-bit integers as text, of which nothing may be lost. */
const WRITTEN: Readonly<Partial<Record<MemoryType, 'varchar' | 'boolean'>>> = {
  varchar: 'varchar',
  boolean: 'boolean',
  bigint: 'varchar',
  ubigint: 'varchar',
};

function asWritten(value: LoggedValue, type: 'varchar' | 'boolean' | 'double'): LoggedValue {
  if (value === null) return null;
  if (type === 'varchar') return String(value);
  return type === 'boolean' ? Boolean(value) : Number(value);
}

/** As the data plane converts: from the value in the input's own precision, not from the decimal that was sent. */
function fedValue(input: LoggedColumn, index: number, adapter: InputAdapter | undefined): LoggedValue {
  const value = valueIn(input, index, SQL_TYPES[input.datatype] ?? 'varchar');
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (!adapter || typeof number !== 'number' || (typeof value === 'bigint' && !Number.isSafeInteger(number)))
    return value;
  return (input.datatype === 'FP32' ? Math.fround(number) : number) * adapter.multiply + adapter.add;
}

function featureSql(inputs: readonly InputColumn[], names: { id: string; time: string }): string {
  const selected = [
    `${quoteName(ID)} as ${quoteName(names.id)}`,
    `make_timestamp(${quoteName(TIME)} * 1000) as ${quoteName(names.time)}`,
    `make_timestamp(${quoteName(SEEN)} * 1000) as ${quoteName('predicted_at')}`,
    ...inputs.map(({ name, type }) => `cast(${quoteName(cellName(name))} as ${type}) as ${quoteName(name)}`),
  ];
  return `select ${selected.join(', ')} from rows order by ${quoteName(TIME)}, ${quoteName(ID)}, ${quoteName(SEEN)}`;
}

function cellName(name: string): string {
  return `input:${name}`;
}
