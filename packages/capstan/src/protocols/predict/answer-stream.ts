import { isUtf8 } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import { parseLongJson } from '#kernel/long-json';
import type { CallingParty, Description, ReceivedTensor, ServingPlane } from '#operations/serving';
import { rowAnswers } from './answers-json.ts';
import type { Row } from './parse-rows.ts';
import { rowsToTensors } from './rows-to-tensors.ts';

/** What came of a row, as the JSON text of its answer or its error; rows count from 1, in the order in which they came. */
export type RowOutcome =
  | { readonly row: number; readonly answer: string }
  | { readonly row: number; readonly error: DomainError };

/** A row as it came: the object, or the line that is to be one. */
export type GivenRow = Row | Buffer;

export interface StreamOptions {
  /** How long a chunk of rows may take. */
  readonly chunkMs: number;
  readonly signal: AbortSignal;
  /** Whose rows they are. */
  readonly caller: CallingParty;
}

const RETRY_MS = 50;
/** The deployment is gone, or its caller may ask no more: its token was revoked meanwhile, for example. */
const OF_NO_ROW: ReadonlySet<DomainError['code']> = new Set(['NOT_FOUND', 'UNAUTHENTICATED', 'PERMISSION_DENIED']);

/**
 * Answers rows chunk by chunk, in their order; the next chunk is taken when somebody wants its answers. A row with something
 * wrong gets an error of its own, and the others of its chunk their answers.
 * @throws DomainError for what no row is to blame for: a deployment that is gone, a caller that may ask no more
 */
export async function* answerChunks(
  plane: ServingPlane,
  deployment: string,
  chunks: AsyncIterable<readonly GivenRow[]>,
  options: StreamOptions,
): AsyncGenerator<RowOutcome[], void, undefined> {
  let first = 1;
  for await (const chunk of chunks) {
    options.signal.throwIfAborted();
    yield await answerChunk(plane, deployment, chunk, first, options);
    first += chunk.length;
  }
}

async function answerChunk(
  plane: ServingPlane,
  deployment: string,
  chunk: readonly GivenRow[],
  first: number,
  options: StreamOptions,
): Promise<RowOutcome[]> {
  // Anew for each: another revision may have become champion.
  const description = plane.describe(deployment);
  const outcomes: RowOutcome[] = [];
  const good: { row: number; values: Row }[] = [];
  for (const [index, given] of chunk.entries()) {
    const row = first + index;
    try {
      good.push({ row, values: rowOf(given) });
    } catch (error) {
      outcomes.push({ row, error: rowError(error) });
    }
  }
  const asked = good.length === 0 ? [] : await answerRows(plane, description, good, options);
  return [...outcomes, ...asked].toSorted((a, b) => a.row - b.row);
}

function rowOf(given: GivenRow): Row {
  if (!Buffer.isBuffer(given)) return given;
  if (!isUtf8(given)) throw invalid('The line is no UTF-8 text', { field: 'body' });
  const value = parseLongJson(given.toString('utf8'));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw invalid('The line is not a JSON object of values by column', { field: 'body' });
}

interface NumberedRow {
  readonly row: number;
  readonly values: Row;
}

/** Together, without those that are wrong by themselves. */
async function answerRows(
  plane: ServingPlane,
  description: Description,
  rows: readonly NumberedRow[],
  options: StreamOptions,
): Promise<RowOutcome[]> {
  let inputs: ReceivedTensor[];
  try {
    inputs = rowsToTensors(
      rows.map(({ values }) => values),
      description,
    );
  } catch (error) {
    if (rows.length === 1) return refused(rows, error);
    const bad = rows.filter(({ values }) => isWrong(values, description));
    // Each is right by itself: a column is there in some of them only.
    if (bad.length === 0) return await eachByItself(plane, description, rows, options);
    const good = rows.filter((row) => !bad.includes(row));
    const errors = await eachByItself(plane, description, bad, options);
    return good.length === 0 ? errors : [...errors, ...(await answerRows(plane, description, good, options))];
  }
  return await ask(plane, description, { rows, inputs }, options);
}

function isWrong(values: Row, description: Description): boolean {
  try {
    rowsToTensors([values], description);
    return false;
  } catch {
    return true;
  }
}

async function ask(
  plane: ServingPlane,
  description: Description,
  { rows, inputs }: { readonly rows: readonly NumberedRow[]; readonly inputs: readonly ReceivedTensor[] },
  options: StreamOptions,
): Promise<RowOutcome[]> {
  const { name } = description;
  try {
    const { signal, caller } = options;
    const answer = await patient(options, (deadline) => plane.infer(name, { inputs, deadline, signal, caller }));
    const answers = rowAnswers(answer, description);
    return rows.map(({ row }, index) => ({ row, answer: answers[index] ?? '' }));
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof DomainError && OF_NO_ROW.has(error.code)) throw error;
    const isOfRow = error instanceof DomainError && error.code === 'INVALID_ARGUMENT' && rows.length > 1;
    return isOfRow ? await eachByItself(plane, description, rows, options) : refused(rows, error);
  }
}

/** At once: the model takes them together where it can, so that a row which it refuses harms no other. */
async function eachByItself(
  plane: ServingPlane,
  description: Description,
  rows: readonly NumberedRow[],
  options: StreamOptions,
): Promise<RowOutcome[]> {
  const each = await Promise.all(rows.map((row) => answerRows(plane, description, [row], options)));
  return each.flat();
}

function refused(rows: readonly NumberedRow[], error: unknown): RowOutcome[] {
  return rows.map(({ row }) => ({ row, error: rowError(error) }));
}

/** What there is no room for now is asked again, while the chunk has time: the sender is held up, which is what a stream is for. */
async function patient<Answer>(
  { chunkMs, signal }: StreamOptions,
  ask: (deadline: number) => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + chunkMs;
  for (;;) {
    try {
      return await ask(deadline);
    } catch (error) {
      const isFull = error instanceof DomainError && error.code === 'RESOURCE_EXHAUSTED';
      if (!isFull || performance.now() + RETRY_MS > deadline) throw error;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}

function rowError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('INTERNAL', messageOf(error), { cause: error });
}
