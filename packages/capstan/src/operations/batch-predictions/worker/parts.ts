import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import {
  quoteName,
  quoteText,
  type Analytics,
  type DataFile,
  type MemoryColumn,
  type MemoryType,
} from '#ports/analytics';
import { widthOf } from '#ports/binary-probability';
import type { Tensor, TensorSpec } from '#ports/model-runtime';
import { SQL_TYPES } from '#ports/sql-types';
import type { BatchAnswer } from './answer-rows.ts';
import { workFiles } from './request.ts';

// Answers are kept as they come, in files of their own: `parts/FIRST-COUNT.parquet`, each whole or absent. Work that was cut
// off goes on behind the last of them.

/** An output as columns of a part: `o0_0`, `o0_1` … */
export interface PartOutput {
  readonly name: string;
  readonly type: MemoryType;
  readonly columns: readonly string[];
}

/** Columns of an output; one of which the model does not say how many values it gives takes that from its first answer. */
export function partOutput({ name, datatype, shape }: TensorSpec, index: number): PartOutput {
  const width = Math.max(1, widthOf(shape.map((size) => (size === -1 ? 1 : size))));
  return {
    name,
    type: SQL_TYPES[datatype] ?? 'varchar',
    columns: Array.from({ length: width }, (_, at) => `o${index}_${at}`),
  };
}

export interface Parts {
  readonly files: readonly DataFile[];
  readonly rows: number;
}

const NAME = /^(\d{15})-(\d+)\.parquet$/;

/** What is there already, without a gap; what stands behind one is removed. */
export async function partsIn(folder: string): Promise<Parts> {
  const root = join(folder, workFiles.parts);
  await mkdir(root, { recursive: true });
  const files: DataFile[] = [];
  let rows = 0;
  for (const name of (await readdir(root)).toSorted()) {
    const [, first, count] = NAME.exec(name) ?? [];
    if (first === undefined || Number(first) !== rows) {
      await rm(join(root, name), { recursive: true });
      continue;
    }
    files.push({ path: join(root, name), format: 'parquet', label: name });
    rows += Number(count);
  }
  return { files, rows };
}

/** Writes the answers to rows that follow each other. Returns its file. */
export async function writePart(
  analytics: Pick<Analytics, 'write'>,
  folder: string,
  first: number,
  outputs: readonly PartOutput[],
  answers: readonly BatchAnswer[],
): Promise<DataFile> {
  const rows = answers.reduce((sum, answer) => sum + answer.rows, 0);
  const label = `${String(first).padStart(15, '0')}-${rows}.parquet`;
  const path = join(folder, workFiles.parts, label);
  const isWhole = answers.every(({ answered }) => answered === null);
  const columns = outputs.flatMap((output) =>
    isWhole ? wholeColumns(output, answers, rows) : outputColumns(output, answers, rows),
  );
  const error = isWhole ? ', cast(null as varchar) as error' : '';
  await analytics.write(
    {
      tables: {},
      memory: { answers: { rows, columns: isWhole ? columns : [...columns, errorColumn(answers, rows)] } },
      sql: `select $first + row_number() over () as row, *${error} from answers`,
      parameters: { first },
    },
    { path, format: 'parquet' },
  );
  return { path, format: 'parquet', label };
}

type Numbers = Float64Array;

/** Where every row has an answer: the values as the model gave them, without a look at each. */
function wholeColumns(output: PartOutput, answers: readonly BatchAnswer[], rows: number): MemoryColumn[] {
  const width = output.columns.length;
  const [first] = answers.flatMap(({ outputs }) => outputs.find(({ name }) => name === output.name) ?? []);
  if (!first || !ArrayBuffer.isView(first.data) || output.type === 'boolean')
    return outputColumns(output, answers, rows);
  const NumberArray = first.data.constructor as new (length: number) => Numbers;
  const columns = output.columns.map(() => new NumberArray(rows));
  let from = 0;
  for (const answer of answers) {
    const tensor = tensorOf(output, answer);
    // Of one datatype, which TypeScript cannot see.
    const data = tensor?.data as Numbers;
    if (width === 1) columns[0]?.set(data, from);
    else
      for (const [at, column] of columns.entries())
        for (let row = 0; row < answer.rows; row++) column[from + row] = data[row * width + at] as number;
    from += answer.rows;
  }
  return output.columns.map((name, at) => ({ name, type: output.type, valueAt: (row) => columns[at]?.[row] ?? null }));
}

/** @throws DomainError CONFLICT where it is of another size than those before */
function tensorOf(output: PartOutput, answer: BatchAnswer): Tensor | undefined {
  const tensor = answer.outputs.find(({ name }) => name === output.name);
  if (!tensor || widthOf(tensor.shape) === output.columns.length) return tensor;
  throw new DomainError('CONFLICT', `The output '${output.name}' of the model changes its size from row to row`);
}

function outputColumns(output: PartOutput, answers: readonly BatchAnswer[], rows: number): MemoryColumn[] {
  const width = output.columns.length;
  const values: (number | bigint | string | boolean | null)[][] = output.columns.map(() =>
    Array.from({ length: rows }, () => null),
  );
  let from = 0;
  for (const answer of answers) {
    const tensor = tensorOf(output, answer);
    const count = tensor?.shape[0] ?? 0;
    const isFlag = output.type === 'boolean';
    for (const [at, column] of values.entries()) {
      for (let index = 0; index < count; index++) {
        const value = tensor?.data[index * width + at] ?? null;
        column[from + (answer.answered?.[index] ?? index)] = isFlag ? value === 1 : value;
      }
    }
    from += answer.rows;
  }
  return output.columns.map((name, at) => ({ name, type: output.type, valueAt: (row) => values[at]?.[row] ?? null }));
}

function errorColumn(answers: readonly BatchAnswer[], rows: number): MemoryColumn {
  const values: (string | null)[] = Array.from({ length: rows }, () => null);
  let from = 0;
  for (const answer of answers) {
    for (const { row, message } of answer.faults) values[from + row] = message;
    from += answer.rows;
  }
  return { name: 'error', type: 'varchar', valueAt: (row) => values[row] ?? null };
}

/** The answers as they stand in the result, from a table `answers` of parts called `a`. */
export function answerExpressions(outputs: readonly PartOutput[]): string[] {
  return outputs.map(({ name, columns }) => {
    const [only] = columns;
    const list = `case when a.error is null then [${columns.map((column) => `a.${column}`).join(', ')}] end`;
    const value = columns.length === 1 ? `a.${only}` : list;
    return `${value} as ${quoteName(outputColumn(name))}`;
  });
}

/** As the prediction log calls it. */
function outputColumn(name: string): string {
  return `output_${name}`;
}

/** A constant of every row. */
export function constant(value: string | number | null, name: string): string {
  const text = value === null ? 'cast(null as integer)' : typeof value === 'number' ? String(value) : quoteText(value);
  return `${text} as ${name}`;
}
