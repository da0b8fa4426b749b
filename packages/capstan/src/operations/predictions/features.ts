import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InputAdapter, PredictionRecord, RecordedColumn } from '@capstan/api';
import type { Database } from '#database';
import type { Jobs } from '#jobs';
import { NO_PROJECT, type Deployments } from '#operations/deployments';
import { quoteName, type Analytics, type DataFile } from '#ports/analytics';
import type { BlobStore, Digest } from '#ports/blob-store';
import { replaceRawWithFeatures, type FeatureRow } from './features.store.ts';
import { writeLogFile } from './log/write-log-file.ts';
import { ENOUGH_FILES, SMALL_FILE_BYTES } from './log/compact-log.ts';
import { scattered, type LogFileRow } from './log/log.store.ts';
import { SQL_TYPES } from './sql-types.ts';
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
  const records = storedRecords(await readFile(await deps.blobs.localFile(raw), 'utf8'));
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

/** The lines of a segment that was taken: they were checked then, and its bytes are kept by their digest. */
function storedRecords(text: string): PredictionRecord[] {
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as PredictionRecord);
}

async function writeDeployment(
  deps: FeaturesDeps,
  segment: string,
  deployment: string,
  records: readonly PredictionRecord[],
  signal: AbortSignal | undefined,
): Promise<FeatureRow[]> {
  const adapters = await deps.deployments.inputAdapters(deployment);
  const { context } = await deps.deployments.pricing(deployment);
  const names = { id: context.id ?? 'example_id', time: context.eventTime ?? 'event_time' };
  const rows = records.flatMap((record) => featureRows(record, adapters));
  if (rows.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'capstan-features-'));
  try {
    const source = join(folder, 'rows.ndjson');
    await writeFile(source, rows.map((row) => `${JSON.stringify(row.cells)}\n`).join(''));
    const target = join(folder, 'features.parquet');
    const columns = columnsOf(records);
    const label = `segment ${segment}`;
    const file = { path: source, format: 'ndjson' as const, label, jsonTypes: writtenAs(columns) };
    const sql = featureSql(columns, names);
    await deps.analytics.write(
      { tables: { rows: [file] }, sql, ...(signal && { signal }) },
      { path: target, format: 'parquet' },
    );
    const { digest, sizeBytes } = await deps.blobs.put(createReadStream(target));
    const times = rows.map((row) => row.eventTime).toSorted((a, b) => a - b);
    const span = { minEventTime: times[0] ?? 0, maxEventTime: times.at(-1) ?? 0 };
    return [{ segment, deployment, digest, sizeBytes, rows: rows.length, ...span }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const WRITTEN: Readonly<Record<string, 'varchar' | 'boolean'>> = {
  varchar: 'varchar',
  boolean: 'boolean',
  bigint: 'varchar',
  ubigint: 'varchar',
};

type Cells = Record<string, string | number | boolean | null>;

/** Names that no input can have, since they are not made of an input's name. */
const ID = 'id';
const TIME = 'time';
const SEEN = 'seen';

function featureSql(columns: ReadonlyMap<string, string>, names: { id: string; time: string }): string {
  const taken = new Set([names.id, names.time]);
  const inputs = [...columns].filter(([name]) => !taken.has(name));
  const selected = [
    `${quoteName(ID)} as ${quoteName(names.id)}`,
    `make_timestamp(cast(${quoteName(TIME)} as bigint) * 1000) as ${quoteName(names.time)}`,
    `make_timestamp(cast(${quoteName(SEEN)} as bigint) * 1000) as ${quoteName('predicted_at')}`,
    ...inputs.map(([name, type]) => `cast(${quoteName(cellName(name))} as ${type}) as ${quoteName(name)}`),
  ];
  return `select ${selected.join(', ')} from rows order by ${quoteName(TIME)}, ${quoteName(ID)}, ${quoteName(SEEN)}`;
}

/** Numbers are written as JavaScript's, whatever they become; 64-bit integers past 2^53 as text, of which none may be lost. */
function writtenAs(columns: ReadonlyMap<string, string>): NonNullable<DataFile['jsonTypes']> {
  const inputs = [...columns].map(([name, type]) => [cellName(name), WRITTEN[type] ?? 'double'] as const);
  return { [ID]: 'varchar', [TIME]: 'double', [SEEN]: 'double', ...Object.fromEntries(inputs) };
}

function columnsOf(records: readonly PredictionRecord[]): Map<string, string> {
  const columns = new Map<string, string>();
  for (const { inputs } of records) {
    for (const input of inputs ?? []) {
      for (const name of namesOf(input)) columns.set(name, SQL_TYPES[input.datatype] ?? 'varchar');
    }
  }
  return columns;
}

/** A tensor of several values a row becomes as many columns. */
function namesOf({ name, width }: RecordedColumn): string[] {
  return width === 1 ? [name] : Array.from({ length: width }, (_, index) => `${name}_${index}`);
}

function cellName(name: string): string {
  return `input:${name}`;
}

interface FeatureCells {
  readonly eventTime: number;
  readonly cells: Cells;
}

function featureRows(
  record: PredictionRecord,
  adapters: ReadonlyMap<number, Readonly<Record<string, InputAdapter>>>,
): FeatureCells[] {
  const named = (record.inputs ?? []).map((input) => ({ input, names: namesOf(input).map(cellName) }));
  return record.parts
    .filter((part) => part.role !== 'shadow' && part.error === null)
    .flatMap((part) => {
      const own = adapters.get(part.revision) ?? {};
      return (part.rows ?? record.examples.map((_, row) => row)).map((row) => {
        const eventTime = record.eventTimes?.[row] ?? record.at;
        const cells: Cells = { [ID]: record.examples[row] ?? '', [TIME]: eventTime, [SEEN]: record.at };
        for (const { input, names } of named) {
          const adapter = own[input.name];
          for (const [index, name] of names.entries()) {
            const value = input.data[row * input.width + index] ?? null;
            cells[name] = typeof value === 'string' ? value : adapted(value, adapter, input.datatype);
          }
        }
        return { eventTime, cells };
      });
    });
}

/** As the data plane converts: from the value in the input's own precision, not from the decimal that was sent. */
function adapted(
  value: number | boolean | null,
  adapter: InputAdapter | undefined,
  datatype: string,
): number | boolean | null {
  if (!adapter || typeof value !== 'number') return value;
  return (datatype === 'FP32' ? Math.fround(value) : value) * adapter.multiply + adapter.add;
}
