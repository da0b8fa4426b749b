import type { Database } from '#database';
import { DomainError, invalid, messageOf, notFound } from '#kernel/errors';
import type { Analytics, DataRow } from '#ports/analytics';
import type { BlobStore, Digest } from '#ports/blob-store';
import { logFiles, type LogFileRow } from './log.store.ts';

export interface LogQueryDeps {
  readonly database: Database;
  readonly blobs: Pick<BlobStore, 'localFile'>;
  readonly analytics: Pick<Analytics, 'query'>;
}

export interface LogQuery {
  /** One select in DuckDB's SQL about the table `predictions`. */
  readonly sql: string;
  /** Of one deployment only; else of all, columns matched by name. */
  readonly deployment?: string | undefined;
  /** Answered at or after … */
  readonly from?: number | undefined;
  /** … and before this. Files are left out by it, not rows. */
  readonly to?: number | undefined;
  readonly limit: number;
}

export interface LogQueryAnswer {
  readonly rows: DataRow[];
  /** There were more rows than asked for. */
  readonly isCut: boolean;
}

const EVER = { from: -8.64e15, to: 8.64e15 };
/** Files of one question: each is opened. They are made into fewer as they age. */
const MAX_FILES = 4_000;

/**
 * Asks the prediction log. Nothing but its files can be read, and nothing written.
 * @throws DomainError NOT_FOUND when nothing is logged; INVALID_ARGUMENT with the engine's words for SQL that is wrong
 */
export async function queryLog(deps: LogQueryDeps, query: LogQuery, signal?: AbortSignal): Promise<LogQueryAnswer> {
  const span = { from: query.from ?? EVER.from, to: query.to ?? EVER.to };
  const files = await logFiles(deps.database.read, { deployment: query.deployment, ...span });
  if (files.length === 0) throw nothingLogged(query);
  if (files.length > MAX_FILES) {
    throw invalid(`The log of that time is ${files.length} files, more than ${MAX_FILES}`, {
      field: 'from',
      hint: 'Name a deployment, or a shorter time.',
    });
  }
  const tables = { predictions: await Promise.all(files.map((file) => dataFile(deps, file))) };
  const sql = `select * from (\n${query.sql.replace(/;\s*$/, '')}\n) limit ${query.limit + 1}`;
  const rows = await deps.analytics.query({ tables, sql, ...(signal && { signal }) }).catch((error: unknown) => {
    if (error instanceof DomainError || signal?.aborted) throw error;
    throw wrongSql(error);
  });
  return { rows: rows.slice(0, query.limit), isCut: rows.length > query.limit };
}

/** The engine's words, without the place in a text that is not the asker's alone. */
function wrongSql(cause: unknown) {
  const [reason = ''] = messageOf(cause).replace('Failed to extract statements: ', '').split('\n');
  return invalid(reason, { field: 'sql', hint: 'capstan predictions query --help lists the columns.', cause });
}

/** A file of the log as the engine reads it. */
export async function dataFile(deps: LogQueryDeps, { digest, deployment, name }: LogFileRow) {
  const path = await deps.blobs.localFile(digest as Digest);
  return { path, format: 'parquet' as const, label: `${deployment}/${name}` };
}

function nothingLogged({ deployment, from, to }: LogQuery) {
  const when = from === undefined && to === undefined ? '' : ' at that time';
  const whose = deployment === undefined ? '' : ` of ${deployment}`;
  return notFound(
    'logged prediction',
    `${deployment ?? '*'}`,
    `Nothing${whose} was answered${when}, or it has not been shipped yet.`,
  );
}
