// A thread that answers queries: its own connection to the file, one query at a time, rows in parts.
import type { SQLOutputValue } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { END } from '../asked-thread.ts';
import { openSqliteFile } from '../sqlite-file.ts';
import { StatementCache } from '../statement-cache.ts';
import type { ReadAnswer, ReadFailure, ReadQuestion } from './messages.ts';

/** Unpacking so many takes the thread that is served some milliseconds. */
const ROWS_OF_A_PART = 2_000;

const file = openSqliteFile(String(workerData));
// Every commit empties it: a larger one is memory and no gain.
file.exec('pragma query_only = on; pragma cache_size = -16384');
const statements = new StatementCache(file);

type Row = readonly SQLOutputValue[];
let columns: readonly string[] = [];
/** What of the last query has not been handed over. */
let left: readonly Row[] = [];

parentPort?.on('message', (question: ReadQuestion | typeof END) => {
  if (question === END) {
    file.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(answerTo(question));
});

function answerTo(question: ReadQuestion): ReadAnswer {
  try {
    if (question === 'drop') left = [];
    else if (question !== 'more') readAll(question.sql, question.parameters);
    const rows = left.slice(0, ROWS_OF_A_PART);
    left = left.slice(ROWS_OF_A_PART);
    return { columns, rows, isLast: left.length === 0 };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** All at once: row by row costs a third more, and keeps the log from beginning anew for as long as the last one waits. */
function readAll(text: string, parameters: Extract<ReadQuestion, object>['parameters']): void {
  const { statement, ...found } = statements.get(text);
  columns = found.columns;
  statement.setReturnArrays(true);
  left = statement.all(...parameters) as unknown as readonly Row[];
}

function failureOf(error: unknown): ReadFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, errcode, errstr } = error as Error & Partial<ReadFailure>;
  return { message: error.message, code, errcode, errstr };
}
