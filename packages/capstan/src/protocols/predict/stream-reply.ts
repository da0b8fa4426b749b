import { Readable } from 'node:stream';
import type { RawReply, RawRequest } from '#http';
import { DomainError, messageOf } from '#kernel/errors';
import type { CallingParty, ServingPlane } from '#operations/serving';
import { answerChunks, type GivenRow, type RowOutcome } from './answer-stream.ts';
import { linesOf } from './ndjson-lines.ts';
import type { Row } from './parse-rows.ts';

export const NDJSON = 'application/x-ndjson';
const EVENT_STREAM = 'text/event-stream';

/** Rows that are asked together: what has come by then, and no more. */
const CHUNK_ROWS = 256;
const CHUNK_MS = 15_000;

/** How answers go out one by one, where the caller asks for that; undefined where it wants them in one piece. */
export function streamFormOf({ headers }: Pick<RawRequest, 'headers'>, isStreamed: boolean): StreamForm | undefined {
  const accepted = String(headers['accept'] ?? '');
  if (accepted.includes(EVENT_STREAM)) return events;
  if (accepted.includes(NDJSON) || isStreamed) return lines;
  return undefined;
}

interface StreamForm {
  readonly type: string;
  chunk(outcomes: readonly RowOutcome[], counts: Counts): string;
  /** All rows have an answer or an error. */
  end(counts: Counts): string;
  /** It ends before all rows have one. */
  failure(error: DomainError, counts: Counts): string;
}

interface Counts {
  readonly rows: number;
  readonly failed: number;
}

const errorOf = ({ code, message, field, hint }: DomainError) => ({ code, detail: message, field, hint });

/** `{"row", "id", "revision", "outputs"}` or `{"row", "error"}`; a line with an error and no row is the last. */
const lines: StreamForm = {
  type: NDJSON,
  chunk: (outcomes) => outcomes.map((outcome) => `${outcomeJson(outcome)}\n`).join(''),
  end: () => '',
  failure: (error) => `${JSON.stringify({ error: errorOf(error) })}\n`,
};

/** Events `prediction`, `row-error`, after each chunk `progress`, and at the end `done` or `failed`; ids are the rows. */
const events: StreamForm = {
  type: EVENT_STREAM,
  chunk(outcomes, counts) {
    const told = outcomes.map((outcome) => {
      const kind = 'answer' in outcome ? 'prediction' : 'row-error';
      return `id: ${outcome.row}\nevent: ${kind}\ndata: ${outcomeJson(outcome)}\n\n`;
    });
    return `${told.join('')}event: progress\ndata: ${JSON.stringify(counts)}\n\n`;
  },
  end: (counts) => `event: done\ndata: ${JSON.stringify(counts)}\n\n`,
  failure: (error, counts) => `event: failed\ndata: ${JSON.stringify({ ...counts, error: errorOf(error) })}\n\n`,
};

function outcomeJson(outcome: RowOutcome): string {
  if ('answer' in outcome) return `{"row":${outcome.row},${outcome.answer.slice(1)}`;
  return JSON.stringify({ row: outcome.row, error: errorOf(outcome.error) });
}

/** Rows that came in one piece, in chunks. */
export async function* chunksOf(rows: readonly Row[]): AsyncGenerator<readonly Row[], void, undefined> {
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) yield rows.slice(from, from + CHUNK_ROWS);
}

/** Rows as their lines come. */
export function linesIn(stream: AsyncIterable<Buffer>): AsyncIterable<readonly GivenRow[]> {
  return linesOf(stream, CHUNK_ROWS);
}

/** Answers as they come: each chunk is taken when what was said before it has been read, so nothing piles up on either side. */
export function streamReply(
  plane: ServingPlane,
  deployment: string,
  chunks: AsyncIterable<readonly GivenRow[]>,
  form: StreamForm,
  { caller, chunkMs = CHUNK_MS }: { readonly caller: CallingParty; readonly chunkMs?: number | undefined },
): RawReply {
  async function* texts(): AsyncGenerator<string, void, undefined> {
    const counts = { rows: 0, failed: 0 };
    const { signal } = caller;
    try {
      for await (const outcomes of answerChunks(plane, deployment, chunks, { chunkMs, signal, caller })) {
        counts.rows += outcomes.length;
        counts.failed += outcomes.filter((outcome) => 'error' in outcome).length;
        yield form.chunk(outcomes, counts);
      }
      const end = form.end(counts);
      // An empty piece would stop a stream for good.
      if (end !== '') yield end;
    } catch (error) {
      // The status has been sent: what went wrong can only be said here.
      if (signal.aborted) return;
      yield form.failure(failureOf(error), counts);
    }
  }
  const body = Readable.from(texts(), { objectMode: false, highWaterMark: 1 << 16 });
  return { status: 200, headers: { 'content-type': `${form.type}; charset=utf-8`, 'cache-control': 'no-store' }, body };
}

function failureOf(error: unknown): DomainError {
  return error instanceof DomainError ? error : new DomainError('INTERNAL', messageOf(error), { cause: error });
}
