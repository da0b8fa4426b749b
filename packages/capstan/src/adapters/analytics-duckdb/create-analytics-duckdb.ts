import { open, rename, rm, stat } from 'node:fs/promises';
import { invalid } from '#kernel/errors';
import type { Analytics, Cell, DataColumn, DataFile, DataQuestion, DataRow, DataTarget } from '#ports/analytics';
import { quoteName, quoteText } from '#ports/analytics';
import { columnTypeOf } from './cells.ts';
import { explainCsv } from './explain-csv.ts';
import { isVagueCsvFailure, translateFailure, unreadable } from './failures.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import { createMemoryTable } from './memory-table.ts';
import { either, handed, readPortions } from './portions.ts';
import { inSession, type Session, type SessionLimits, type SessionNeeds } from './session.ts';
import { viewStatements } from './sources.ts';

interface AnalyticsDuckdbOptions {
  /** Directory for what does not fit into memory. */
  readonly temporaryFolder: string;
  /** Of one scan, before it spills to disk. Default: 1 GB. */
  readonly memoryBytes?: number;
  /** Scans at once; more wait. Default: 2. */
  readonly concurrency?: number;
}

const DEFAULT_MEMORY_BYTES = 1_000_000_000;

const WRITE_OPTIONS: Record<DataTarget['format'], string> = {
  parquet: 'format parquet, compression zstd, row_group_size 122880, use_tmp_file false',
  csv: 'format csv, header true, use_tmp_file false',
  ndjson: 'format json, use_tmp_file false',
};

/** Opens the analytics engine; the library itself is loaded by the first scan. */
export function createAnalyticsDuckdb(options: AnalyticsDuckdbOptions): Analytics {
  const limits: SessionLimits = {
    temporaryFolder: options.temporaryFolder,
    memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
  };
  const takeTurn = limitConcurrency(options.concurrency ?? 2);

  function scan<Result>(
    files: readonly DataFile[],
    needs: Omit<SessionNeeds, 'paths'> & { readonly target?: string },
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const paths = [...files.map((file) => file.path), ...(needs.target === undefined ? [] : [needs.target])];
    return takeTurn(async () => {
      try {
        return await inSession(limits, { ...needs, paths }, work);
      } catch (error) {
        if (needs.signal?.aborted) throw error;
        if (isVagueCsvFailure(error)) throw await explainCsv(limits, files, error);
        throw translateFailure(error, files);
      }
    });
  }

  function ask<Result>(question: DataQuestion, read: (session: Session) => Promise<Result>): Promise<Result> {
    return scan(filesOf(question), { signal: question.signal }, async (session) => {
      await createViews(session, question);
      return await read(session);
    });
  }

  return {
    async inspect(file, signal) {
      await refuseEmpty(file);
      return await scan([file], { signal }, async (session) => {
        await run(session, viewStatements('inspected', [file], ''));
        const columns = await describe(session, 'inspected');
        const [count] = await rowsOf(session, { tables: {}, sql: 'select count(*) as n from inspected' });
        return { columns, rows: Number(count?.['n']) };
      });
    },
    columnsOf: (files, signal) =>
      scan(files, { signal }, async (session) => {
        await run(session, viewStatements('inspected', files, ''));
        return await describe(session, 'inspected');
      }),
    columnsOfAnswer: (question) =>
      ask(question, (session) => describe(session, `(${question.sql}\n)`, question.parameters)),
    query: (question) => ask(question, (session) => rowsOf(session, question)),
    queryColumns: (question) =>
      ask(question, async (session) => {
        const reader = await session.connection.runAndReadAll(question.sql, question.parameters);
        return reader.convertColumnsObject<Cell>(session.toCell);
      }),
    portions: (question, rows) =>
      handed((put, signal) => {
        // One thread reads rows in their order.
        const needs = { signal: either(question.signal, signal), isOrdered: true };
        return scan(filesOf(question), needs, async (session) => {
          await createViews(session, question);
          await readPortions(session, question, rows, put);
        });
      }),
    async write(question, target) {
      const partial = `${target.path}.partial`;
      const needs = { signal: question.signal, isOrdered: true, target: partial };
      try {
        const rows = await scan(filesOf(question), needs, async (session) => {
          await createViews(session, question);
          return await copy(session, question, partial, target.format);
        });
        await makeDurable(partial);
        await rename(partial, target.path);
        return rows;
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
  };
}

function filesOf(question: DataQuestion): DataFile[] {
  return Object.values(question.tables).flat();
}

/** Views of the question's tables, once it is sure to be one statement: a second one could write to files it may read. */
async function createViews(session: Session, question: DataQuestion): Promise<void> {
  const { count } = await session.connection.extractStatements(question.sql);
  if (count !== 1) {
    throw invalid(`The question is ${count} statements`, {
      field: 'sql',
      hint: 'Ask one select, without a semicolon.',
    });
  }
  for (const [table, files] of Object.entries(question.tables)) {
    await run(session, viewStatements(table, files, question.sql));
  }
  for (const [table, content] of Object.entries(question.memory ?? {}))
    await createMemoryTable(session, table, content);
}

async function run({ connection }: Session, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await connection.run(statement);
}

async function rowsOf({ connection, toCell }: Session, question: DataQuestion): Promise<DataRow[]> {
  const reader = await connection.runAndReadAll(question.sql, question.parameters);
  return reader.convertRowObjects<Cell>(toCell);
}

async function describe(
  session: Session,
  source: string,
  parameters: DataQuestion['parameters'] = {},
): Promise<DataColumn[]> {
  const sql = `select column_name, column_type from (describe select * from ${source})`;
  const rows = await rowsOf(session, { tables: {}, sql, parameters });
  return rows.map((row) => {
    // DuckDB names columns and types in text, always.
    const storageType = row['column_type'] as string;
    return { name: row['column_name'] as string, type: columnTypeOf(storageType), storageType };
  });
}

async function copy(
  session: Session,
  question: DataQuestion,
  path: string,
  format: DataTarget['format'],
): Promise<number> {
  const answer = format === 'ndjson' ? await finite(session, question) : question.sql;
  const sql = `copy (${answer}) to ${quoteText(path)} (${WRITE_OPTIONS[format]})`;
  const [row] = await rowsOf(session, { ...question, sql });
  return Number(row?.['Count']);
}

/** JSON has no form for NaN and infinities, which DuckDB writes as words: they are null there. */
async function finite(session: Session, question: DataQuestion): Promise<string> {
  const columns = await describe(session, `(${question.sql}\n)`, question.parameters);
  const replaced = columns.flatMap(({ name, storageType }) => {
    const [, lists] = /^(?:FLOAT|DOUBLE)((?:\[\d*\])*)$/.exec(storageType) ?? [];
    if (lists === undefined) return [];
    return [`${finiteValue(quoteName(name), lists.split('[').length - 1)} as ${quoteName(name)}`];
  });
  return replaced.length === 0 ? question.sql : `select * replace (${replaced.join(', ')}) from (${question.sql}\n)`;
}

function finiteValue(value: string, depth: number): string {
  if (depth === 0) return `case when isfinite(${value}) then ${value} end`;
  const each = `v${depth}`;
  return `[${finiteValue(each, depth - 1)} for ${each} in ${value}]`;
}

async function makeDurable(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** DuckDB takes an empty CSV file for one with a column and no row. */
async function refuseEmpty(file: DataFile): Promise<void> {
  if ((await stat(file.path)).size === 0) throw unreadable(file.label, 'the file is empty');
}
