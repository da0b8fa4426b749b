import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quoteName, type Analytics, type MemoryColumn, type MemoryType } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import { exampleOf, type LoggedColumn, type LoggedPart, type LoggedRequest } from '#ports/prediction-log';
import { valueIn } from '../column-values.ts';
import { SQL_TYPES } from '#ports/sql-types';
import type { LogFileRow } from './log.store.ts';

export interface LogFileDeps {
  readonly blobs: Pick<BlobStore, 'put'>;
  readonly analytics: Pick<Analytics, 'write'>;
}

/**
 * Writes the rows of a deployment's records as one Parquet file: a row for each example and each part that answered it,
 * shadows and failures too, with what was sent and what was said. A tensor of several values a row is a list.
 * Returns null when there are none.
 */
export async function writeLogFile(
  deps: LogFileDeps,
  of: { readonly deployment: string; readonly name: string },
  records: readonly LoggedRequest[],
  signal?: AbortSignal,
): Promise<LogFileRow | null> {
  const rows = rowsOf(records);
  if (rows.count === 0) return null;
  const folder = await mkdtemp(join(tmpdir(), 'capstan-log-'));
  try {
    const target = join(folder, 'log.parquet');
    const columns = [...ownColumns(rows), ...valueColumns(rows)];
    const sql = `select ${columns.map(selected).join(', ')} from rows
      order by predicted_at, request_id, request_row, role`;
    const memory = { rows: { rows: rows.count, columns } };
    const question = { tables: {}, memory, sql, ...(signal && { signal }) };
    await deps.analytics.write(question, { path: target, format: 'parquet' });
    const { digest, sizeBytes } = await deps.blobs.put(createReadStream(target));
    const times = records.map(({ at }) => at).toSorted((a, b) => a - b);
    const span = { min_at: times[0] ?? 0, max_at: times.at(-1) ?? 0 };
    return { deployment: of.deployment, name: of.name, digest, size_bytes: sizeBytes, rows: rows.count, ...span };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A part of a record, which is as many rows of the file. */
interface LogPart {
  readonly record: LoggedRequest;
  readonly part: LoggedPart;
  /** What was sent; a shadow's record has no inputs of its own: they are those of the request that it goes with. */
  readonly inputs: readonly LoggedColumn[];
  /** Where the example of a row of the record stands in the inputs. */
  rowInInputs(row: number): number;
}

/** The rows of a file: which part each is of, and which of its rows. */
interface LogRows {
  readonly count: number;
  readonly parts: readonly LogPart[];
  readonly partOf: Int32Array;
  readonly indexIn: Int32Array;
}

function rowsOf(records: readonly LoggedRequest[]): LogRows {
  const sent = new Map(
    records.flatMap((record) => (record.inputs === null ? [] : [[record.request, record] as const])),
  );
  const parts = records.flatMap((record) => {
    const { inputs = null } = sent.get(record.request) ?? {};
    const rowInInputs = places(record, sent.get(record.request));
    return record.parts.map((part): LogPart => ({ record, part, inputs: inputs ?? [], rowInInputs }));
  });
  const counts = parts.map(({ record, part }) => part.rows?.length ?? record.rows);
  const count = counts.reduce((sum, rows) => sum + rows, 0);
  const partOf = new Int32Array(count);
  const indexIn = new Int32Array(count);
  let at = 0;
  for (const [number, rows] of counts.entries()) {
    for (let index = 0; index < rows; index++) {
      partOf[at] = number;
      indexIn[at++] = index;
    }
  }
  return { count, parts, partOf, indexIn };
}

/** Lines of older segments have of a shadow's request only the examples that the shadow answered. */
function places(record: LoggedRequest, sent: LoggedRequest | undefined): (row: number) => number {
  if (!sent?.examples || !record.examples || sent.rows === record.rows) return (row) => row;
  const rowOf = new Map(sent.examples.map((example, row) => [example, row]));
  return (row) => rowOf.get(record.examples?.[row] ?? '') ?? 0;
}

/** What every row says of itself. */
function ownColumns({ parts, partOf, indexIn }: LogRows): MemoryColumn[] {
  type Value = ReturnType<MemoryColumn['valueAt']>;
  const of = (name: string, type: MemoryType, value: (part: LogPart, index: number) => Value): MemoryColumn => {
    return { name, type, valueAt: (at) => value(parts[partOf[at] ?? 0] as LogPart, indexIn[at] ?? 0) };
  };
  const rowOf = ({ part }: LogPart, index: number): number => part.rows?.[index] ?? index;
  const time = (ms: number): bigint => BigInt(ms) * 1_000n;
  return [
    of('example_id', 'varchar', (own, index) => exampleOf(own.record, rowOf(own, index)) ?? null),
    of('request_id', 'varchar', ({ record }) => record.request),
    of('request_row', 'integer', rowOf),
    of('predicted_at', 'bigint', ({ record }) => time(record.at)),
    of('event_time', 'bigint', (own, index) => time(own.record.eventTimes?.[rowOf(own, index)] ?? own.record.at)),
    of('deployment', 'varchar', ({ record }) => record.deployment),
    of('consumer', 'varchar', ({ record }) => record.consumer ?? null),
    of('revision', 'integer', ({ part }) => part.revision),
    of('model_version', 'integer', ({ part }) => part.modelVersion),
    of('role', 'varchar', ({ part }) => part.role),
    of('propensity', 'double', ({ part }) => part.share),
    of('rollout', 'varchar', ({ record }) => record.rollout),
    of('stage', 'integer', ({ record }) => record.stage),
    of('part_rows', 'integer', ({ record, part }) => part.rows?.length ?? record.rows),
    of('batch', 'varchar', ({ part }, index) => batchOf(part, index)?.id ?? null),
    of('batch_rows', 'integer', ({ part }, index) => batchOf(part, index)?.rows ?? null),
    of('sampling', 'double', ({ record }) => record.sampling?.share ?? 1),
    of('is_sampled', 'boolean', ({ record }) => record.sampling?.isKept ?? true),
    of('latency_us', 'bigint', ({ part }) => BigInt(part.latencyUs)),
    of('error', 'varchar', ({ part }) => part.error),
    of('probability', 'double', ({ part }, index) => part.probabilities?.[index] ?? null),
  ];
}

/** The execution in which a row of a part was computed; undefined where none was. */
function batchOf({ batches = [] }: LoggedPart, index: number) {
  if (batches.length <= 1) return batches[0];
  let before = 0;
  return batches.find(({ own }) => index < (before += own));
}

const TIMES: ReadonlySet<string> = new Set(['predicted_at', 'event_time']);

function selected({ name }: MemoryColumn): string {
  const column = quoteName(name);
  return TIMES.has(name) ? `make_timestamp(${column}) as ${column}` : column;
}

type Side = 'input' | 'output';

/** A column of the file, with where its values are: the column of each part, by the part's number. */
interface ValueColumn {
  readonly side: Side;
  readonly name: string;
  readonly values: Map<number, LoggedColumn>;
}

/** The columns that all records together need. The engine takes names that differ in case alone for one: they get a number. */
function valueColumns(rows: LogRows): MemoryColumn[] {
  const columns = new Map<string, ValueColumn>();
  const taken = new Set<string>(ownColumns(rows).map(({ name }) => name));
  const see = (side: Side, column: LoggedColumn, part: number): void => {
    const key = `${side}:${column.name}`;
    const known = columns.get(key) ?? { side, name: freeName(`${side}_${column.name}`, taken), values: new Map() };
    columns.set(key, known);
    known.values.set(part, column);
  };
  for (const [number, { part, inputs }] of rows.parts.entries()) {
    for (const input of inputs) see('input', input, number);
    for (const output of part.outputs ?? []) see('output', output, number);
  }
  return [...columns.values()].map((column) => valueColumn(rows, column));
}

function valueColumn({ parts, partOf, indexIn }: LogRows, { side, name, values }: ValueColumn): MemoryColumn {
  const all = [...values.values()];
  const types = new Set(all.map(({ datatype }) => SQL_TYPES[datatype] ?? 'varchar'));
  // Another datatype under the same name, as from another revision: text holds either.
  const [only] = types;
  const type = only !== undefined && types.size === 1 ? only : 'varchar';
  const isList = all.some(({ width }) => width !== 1);
  const placeOf = (at: number, part: LogPart): number => {
    const index = indexIn[at] ?? 0;
    return side === 'output' ? index : part.rowInInputs(part.part.rows?.[index] ?? index);
  };
  const valueAt = (at: number): ReturnType<MemoryColumn['valueAt']> => {
    const number = partOf[at] ?? 0;
    const column = values.get(number);
    if (!column) return null;
    const row = placeOf(at, parts[number] as LogPart);
    if (!isList) return valueIn(column, row, type);
    const from = row * column.width;
    return Array.from({ length: column.width }, (_, index) => valueIn(column, from + index, type));
  };
  return { name, type: isList ? `${type}[]` : type, valueAt };
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}_${number}`;
  taken.add(name.toLowerCase());
  return name;
}
