import { sql, type Selectable } from 'kysely';
import { prepared, type Dialect, type InsertColumn, type Reader, type Schema, type Writer } from '#database';
import type { EvaluationRecord } from '../model.ts';
import { originOf } from './given-record.ts';

type Row = Selectable<Schema['evaluation_records']>;

/** How many keys one `in (…)` holds: SQLite takes 32,766 parameters, PostgreSQL 65,535. */
const CHUNK = 1_000;

export interface StoredRecord {
  readonly position: number;
  readonly inputHash: string;
  readonly record: EvaluationRecord;
}

/** Those of these inputs that the dataset has, by hash. */
export async function recordsOfInputs(
  reader: Reader,
  dataset: string,
  hashes: readonly string[],
): Promise<Map<string, StoredRecord>> {
  const found = new Map<string, StoredRecord>();
  for (let start = 0; start < hashes.length; start += CHUNK) {
    const rows = await reader
      .selectFrom('evaluation_records')
      .selectAll()
      .where('dataset_id', '=', dataset)
      .where('input_hash', 'in', hashes.slice(start, start + CHUNK))
      .execute();
    for (const row of rows) found.set(row.input_hash, toStored(row));
  }
  return found;
}

const pageOfRecords = prepared<{ dataset: string; after: number; most: number }, Row>(
  (given) => sql`
    select * from evaluation_records where dataset_id = ${given('dataset')} and position > ${given('after')}
     order by position limit ${given('most')}`,
);

/** Records behind a position, in the order in which they came. */
export async function recordsAfter(
  reader: Reader,
  dataset: string,
  after: number,
  most: number,
): Promise<StoredRecord[]> {
  const { rows } = await pageOfRecords(reader, { dataset, after, most });
  return rows.map(toStored);
}

const valueColumns = [
  { name: 'outputs', type: 'text' },
  { name: 'expectations', type: 'text' },
  { name: 'tags', type: 'text' },
  { name: 'updated_at', type: 'integer' },
  { name: 'updated_by', type: 'text' },
] as const satisfies readonly InsertColumn[];

const keyColumns = [
  { name: 'dataset_id', type: 'text' },
  { name: 'position', type: 'integer' },
] as const satisfies readonly InsertColumn[];

const firstColumns = [
  { name: 'id', type: 'text' },
  { name: 'input_hash', type: 'text' },
  { name: 'inputs', type: 'text' },
  { name: 'source', type: 'text' },
  { name: 'created_at', type: 'integer' },
  { name: 'created_by', type: 'text' },
] as const satisfies readonly InsertColumn[];

export async function insertRecords(
  dialect: Dialect,
  writer: Writer,
  dataset: string,
  records: readonly StoredRecord[],
): Promise<void> {
  const rows = records.map(({ position, inputHash, record }) => [
    dataset,
    position,
    record.id,
    inputHash,
    record.inputs,
    record.source?.json ?? null,
    record.createdAt,
    record.createdBy,
    ...valuesOf(record),
  ]);
  await dialect.insertMany(writer, 'evaluation_records', [...keyColumns, ...firstColumns, ...valueColumns], rows);
}

export async function updateRecords(
  dialect: Dialect,
  writer: Writer,
  dataset: string,
  records: readonly StoredRecord[],
): Promise<void> {
  const rows = records.map(({ position, record }) => [...valuesOf(record), dataset, position]);
  await dialect.updateMany(writer, 'evaluation_records', { set: valueColumns, keys: keyColumns }, rows);
}

/** Returns how many of these the dataset had. */
export async function deleteRecords(writer: Writer, dataset: string, ids: readonly string[]): Promise<number> {
  let deleted = 0;
  for (let start = 0; start < ids.length; start += CHUNK) {
    const removed = await writer
      .deleteFrom('evaluation_records')
      .where('dataset_id', '=', dataset)
      .where('id', 'in', ids.slice(start, start + CHUNK))
      .executeTakeFirst();
    deleted += Number(removed.numDeletedRows);
  }
  return deleted;
}

function valuesOf({ outputs, expectations, tags, updatedAt, updatedBy }: EvaluationRecord) {
  return [outputs, expectations, tags, updatedAt, updatedBy] as const;
}

function toStored(row: Row): StoredRecord {
  return {
    position: Number(row.position),
    inputHash: row.input_hash,
    record: {
      id: row.id,
      inputs: row.inputs,
      outputs: row.outputs,
      expectations: row.expectations,
      tags: row.tags,
      source: row.source === null ? null : originOf(row.source),
      createdAt: Number(row.created_at),
      updatedAt: Number(row.updated_at),
      createdBy: row.created_by,
      updatedBy: row.updated_by,
    },
  };
}
