import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { Cell, DataPortion, DataQuestion } from '#ports/analytics';
import type { Session } from './session.ts';

type Put = (portion: DataPortion) => Promise<void>;

/** Reads the answer as it is computed, and hands over so many rows at a time. */
export async function readPortions(session: Session, question: DataQuestion, rows: number, put: Put): Promise<void> {
  const { connection, vendor } = session;
  const prepared = await connection.prepare(question.sql);
  if (question.parameters) prepared.bind({ ...question.parameters });
  const result = await prepared.stream();
  const names = result.deduplicatedColumnNames();
  const { DuckDBTypeId: id } = vendor;
  // Their values are cells already.
  const plain = new Set([id.FLOAT, id.DOUBLE, id.TINYINT, id.SMALLINT, id.INTEGER, id.VARCHAR, id.BOOLEAN]);
  const isPlain = names.map((_, index) => plain.has(result.columnTypeId(index)));
  const cellsOf = (chunk: DuckDBDataChunk, index: number): readonly Cell[] =>
    isPlain[index] === true
      ? (chunk.getColumnValues(index) as Cell[])
      : chunk.convertColumnValues<Cell>(index, session.toCell);
  let columns: Cell[][] = names.map(() => []);
  let held = 0;
  const handOver = async (): Promise<void> => {
    const portion = { rows: held, columns: Object.fromEntries(names.map((name, at) => [name, columns[at] ?? []])) };
    columns = names.map(() => []);
    held = 0;
    await put(portion);
  };
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    const cells = names.map((_, index) => cellsOf(chunk, index));
    for (let from = 0; from < chunk.rowCount;) {
      const to = Math.min(chunk.rowCount, from + rows - held);
      for (const [index, values] of cells.entries()) {
        const column = columns[index] as Cell[];
        for (let row = from; row < to; row++) column.push(values[row] as Cell);
      }
      held += to - from;
      from = to;
      if (held === rows) await handOver();
    }
  }
  if (held > 0) await handOver();
}

/**
 * What a producer puts, one after another, for whoever asks: it is held up while one waits to be taken, and stopped when
 * nobody asks any more.
 */
export async function* handed<Item>(
  produce: (put: (item: Item) => Promise<void>, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<Item, void, undefined> {
  const stopped = new AbortController();
  let waiting: { readonly item: Item; readonly taken: () => void } | undefined;
  let wake: () => void = () => {};
  let end: { readonly error?: unknown } | undefined;
  let refuse: (reason: Error) => void = () => {};
  stopped.signal.addEventListener('abort', () => refuse(stopped.signal.reason as Error), { once: true });
  const put = async (item: Item): Promise<void> => {
    stopped.signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    refuse = reject;
    waiting = { item, taken: resolve };
    wake();
    await promise;
  };
  const producing = produce(put, stopped.signal).then(
    () => (end = {}),
    (error: unknown) => (end = { error }),
  );
  void producing.then(() => wake());
  try {
    for (;;) {
      while (waiting === undefined && end === undefined) await new Promise<void>((resolve) => (wake = resolve));
      const next = waiting;
      if (next === undefined) break;
      waiting = undefined;
      next.taken();
      yield next.item;
    }
    if (end !== undefined && 'error' in end) throw end.error;
  } finally {
    stopped.abort(new Error('nobody reads any more'));
    await producing;
  }
}

/** Aborted with either. */
export function either(first: AbortSignal | undefined, second: AbortSignal): AbortSignal {
  return first ? AbortSignal.any([first, second]) : second;
}
