import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PredictionRecord, RecordedColumn, RecordedPart } from '@capstan/api';
import { quoteName, type Analytics, type DataFile } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import { SQL_TYPES } from '../sql-types.ts';
import type { LogFileRow } from './log.store.ts';

export interface LogFileDeps {
  readonly blobs: Pick<BlobStore, 'put'>;
  readonly analytics: Pick<Analytics, 'write'>;
}

/** What every row says of itself, with DuckDB's types; then come `input_NAME` and `output_NAME`. */
const OWN_COLUMNS = {
  example_id: 'varchar',
  request_id: 'varchar',
  request_row: 'integer',
  predicted_at: 'timestamp',
  event_time: 'timestamp',
  deployment: 'varchar',
  consumer: 'varchar',
  revision: 'integer',
  model_version: 'integer',
  role: 'varchar',
  propensity: 'double',
  rollout: 'varchar',
  stage: 'integer',
  part_rows: 'integer',
  latency_us: 'bigint',
  error: 'varchar',
  probability: 'double',
} as const;

type Cells = Record<string, string | null>;

/**
 * Writes the rows of a deployment's records as one Parquet file: a row for each example and each part that answered it,
 * shadows and failures too, with what was sent and what was said. A tensor of several values a row is a list.
 * Returns null when there are none.
 */
export async function writeLogFile(
  deps: LogFileDeps,
  of: { readonly deployment: string; readonly name: string },
  records: readonly PredictionRecord[],
  signal?: AbortSignal,
): Promise<LogFileRow | null> {
  const columns = valueColumns(records);
  const inputsOf = inputsByRequest(records);
  const rows = records.flatMap((record) => rowsOf(record, inputsOf.get(record.request), columns));
  if (rows.length === 0) return null;
  const folder = await mkdtemp(join(tmpdir(), 'capstan-log-'));
  try {
    const source = join(folder, 'rows.ndjson');
    await writeFile(source, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const target = join(folder, 'log.parquet');
    const all = [
      ...Object.entries(OWN_COLUMNS),
      ...[...columns.values()].map(({ name, type }) => [name, type] as const),
    ];
    const file: DataFile = {
      path: source,
      format: 'ndjson',
      label: `log ${of.name}`,
      jsonTypes: Object.fromEntries(all.map(([name]) => [name, 'varchar'])),
    };
    const sql = `select ${all.map(cast).join(', ')} from rows order by predicted_at, request_id, request_row, role`;
    await deps.analytics.write(
      { tables: { rows: [file] }, sql, ...(signal && { signal }) },
      { path: target, format: 'parquet' },
    );
    const { digest, sizeBytes } = await deps.blobs.put(createReadStream(target));
    const times = records.map(({ at }) => at).toSorted((a, b) => a - b);
    const span = { min_at: times[0] ?? 0, max_at: times.at(-1) ?? 0 };
    return { deployment: of.deployment, name: of.name, digest, size_bytes: sizeBytes, rows: rows.length, ...span };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Values stand as text, exact whatever they are, and become what their column is. */
function cast([name, type]: readonly [string, string]): string {
  const column = quoteName(name);
  if (type === 'timestamp') return `make_timestamp(cast(${column} as bigint) * 1000) as ${column}`;
  const text = type.endsWith('[]') ? `cast(${column} as json)` : column;
  return `cast(${text} as ${type}) as ${column}`;
}

/** A shadow's line has no inputs of its own: they are those of the request that it goes with. */
function inputsByRequest(records: readonly PredictionRecord[]): Map<string, PredictionRecord> {
  return new Map(records.flatMap((record) => (record.inputs === null ? [] : [[record.request, record] as const])));
}

function rowsOf(record: PredictionRecord, sent: PredictionRecord | undefined, columns: ValueColumns): Cells[] {
  const rowOfExample = new Map(sent?.examples.map((example, row) => [example, row]));
  return record.parts.flatMap((part) => {
    const indices = part.rows ?? record.examples.map((_, row) => row);
    return indices.map((row, index) => {
      const example = record.examples[row] ?? '';
      const cells = ownCells(record, part, { row, index, count: indices.length });
      for (const input of sent?.inputs ?? []) put(cells, columns, 'input', input, rowOfExample.get(example) ?? 0);
      for (const output of part.outputs ?? []) put(cells, columns, 'output', output, index);
      return cells;
    });
  });
}

function ownCells(
  record: PredictionRecord,
  part: RecordedPart,
  { row, index, count }: { readonly row: number; readonly index: number; readonly count: number },
): Cells {
  const text = (value: string | number | null | undefined): string | null => (value == null ? null : String(value));
  return {
    example_id: text(record.examples[row]),
    request_id: record.request,
    request_row: text(row),
    predicted_at: text(record.at),
    event_time: text(record.eventTimes?.[row] ?? record.at),
    deployment: record.deployment,
    consumer: text(record.consumer),
    revision: text(part.revision),
    model_version: text(part.modelVersion),
    role: part.role,
    propensity: text(part.share),
    rollout: record.rollout,
    stage: text(record.stage),
    part_rows: text(count),
    latency_us: text(part.latencyUs),
    error: part.error,
    probability: text(part.probabilities?.[index]),
  };
}

function put(cells: Cells, columns: ValueColumns, side: Side, column: RecordedColumn, row: number): void {
  const target = columns.get(keyOf(side, column.name));
  if (!target) return;
  const values = column.data.slice(row * column.width, (row + 1) * column.width);
  const [only = null] = values;
  if (target.type.endsWith('[]')) cells[target.name] = JSON.stringify(values);
  else cells[target.name] = only === null ? null : String(only);
}

type Side = 'input' | 'output';
type ValueColumns = ReadonlyMap<string, { readonly name: string; readonly type: string }>;

const keyOf = (side: Side, name: string): string => `${side}:${name}`;

/** The columns that all records together need. The engine takes names that differ in case alone for one: they get a number. */
function valueColumns(records: readonly PredictionRecord[]): ValueColumns {
  const columns = new Map<string, { name: string; type: string }>();
  const taken = new Set<string>(Object.keys(OWN_COLUMNS));
  const see = (side: Side, { name, datatype, width }: RecordedColumn): void => {
    const key = keyOf(side, name);
    const before = columns.get(key);
    const scalar = SQL_TYPES[datatype] ?? 'varchar';
    const isList = width !== 1 || before?.type.endsWith('[]') === true;
    // Another datatype under the same name, as from another revision: text holds either.
    const base = before === undefined || before.type.replace('[]', '') === scalar ? scalar : 'varchar';
    columns.set(key, { name: before?.name ?? freeName(`${side}_${name}`, taken), type: isList ? `${base}[]` : base });
  };
  for (const { inputs, parts } of records) {
    for (const input of inputs ?? []) see('input', input);
    for (const { outputs } of parts) for (const output of outputs ?? []) see('output', output);
  }
  return columns;
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}_${number}`;
  taken.add(name.toLowerCase());
  return name;
}
