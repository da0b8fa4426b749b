import { DomainError, invalid, messageOf } from '#kernel/errors';
import { quoteText } from '#ports/analytics';
import type { ParquetValue } from '#ports/parquet-reader';
import { translateFailure } from './failures.ts';
import { TooMuch, valueReader } from './parquet-values.ts';
import { inSession, type Session } from './session.ts';

export interface ReadParquetRequest {
  /** Absolute. */
  readonly path: string;
  readonly temporaryFolder: string;
  /** Of the engine, without the values that it gives out. */
  readonly memoryBytes: number;
  /** Of all values: eight bytes each, a text as many more as it has characters. */
  readonly maxDecodedBytes: number;
}

/** A table by columns; one of numbers alone is an array of them, which costs its bytes on the way to another process. */
export interface ParquetColumns {
  readonly names: readonly string[];
  readonly rows: number;
  readonly columns: readonly (Float64Array | readonly ParquetValue[])[];
}

/** What a message calls the file: the body of a request. */
const LABEL = 'The Parquet body';

/**
 * Reads a whole Parquet file, which may be anything. For a process of its own: it may take all memory, or crash.
 * @throws DomainError INVALID_ARGUMENT with the engine's reason; TOO_LARGE; NOT_IMPLEMENTED where there is no engine
 */
export async function readParquet(request: ReadParquetRequest): Promise<ParquetColumns> {
  const { path, maxDecodedBytes } = request;
  await requireEngine();
  try {
    return await inSession(request, { paths: [path], isOrdered: true }, (session) => readIn(session, request));
  } catch (error) {
    if (error instanceof TooMuch) throw tooLarge(`${LABEL} holds more than ${maxDecodedBytes} bytes of values`);
    const told = translateFailure(error, [{ path, format: 'parquet', label: LABEL }]);
    if (told instanceof DomainError && told.code === 'RESOURCE_EXHAUSTED')
      throw tooLarge(`${LABEL} takes more memory than there is for it`);
    // The file is all that differs from one call to the next, so it is at fault.
    const message = told instanceof DomainError ? told.message : `${LABEL} cannot be read: ${firstLine(told)}`;
    throw unreadableParquet(message.replaceAll(path, LABEL));
  }
}

/** A deployment that was built into a folder is without, or has it for another platform. */
async function requireEngine(): Promise<void> {
  try {
    await import('@duckdb/node-api');
  } catch (cause) {
    throw new DomainError('NOT_IMPLEMENTED', 'Parquet is not read here: the program is without what reads it', {
      hint: `Send CSV or JSON, or build the folder with capstan build --with-parquet on ${process.platform}-${process.arch}.`,
      cause,
    });
  }
}

export function unreadableParquet(message: string): DomainError {
  return invalid(message, { field: 'body', hint: 'Send a file as pandas.DataFrame.to_parquet writes it.' });
}

export function tooLarge(message: string): DomainError {
  return new DomainError('TOO_LARGE', message, { field: 'body', hint: 'Send fewer rows at once.' });
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? '';
}

async function readIn(session: Session, { path, maxDecodedBytes }: ReadParquetRequest): Promise<ParquetColumns> {
  let left = maxDecodedBytes;
  const valuesOf = valueReader(session.vendor, {
    take(bytes) {
      left -= bytes;
      if (left < 0) throw new TooMuch();
    },
  });
  const names = await topColumns(session, path);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw unreadableParquet(`${LABEL} has the column '${twice}' twice`);
  const index = await indexColumns(session, path);
  const result = await session.connection.stream(`select * from read_parquet(${quoteText(path)})`);
  // By place: the engine has other names for those that differ in case only.
  if (result.columnCount !== names.length) throw new Error('its columns are none that a table has');
  const kept = names.flatMap((name, place) => (index.has(name) ? [] : [place]));
  const columns = kept.map((): ParquetValue[] => []);
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    for (const [at, place] of kept.entries()) {
      for (const value of valuesOf(chunk, place, result.columnTypeId(place))) columns[at]?.push(value);
    }
  }
  return { names: kept.map((place) => names[place] ?? ''), rows, columns: columns.map(packed) };
}

function packed(values: readonly ParquetValue[]): Float64Array | readonly ParquetValue[] {
  return values.every((value) => typeof value === 'number') ? Float64Array.from(values) : values;
}

/** The file's own spelling: its schema is a tree in depth-first order, each node with the number of its children. */
async function topColumns({ connection }: Session, path: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `select name, coalesce(num_children, 0)::integer from parquet_schema(${quoteText(path)})`,
  );
  const nodes = reader.getRows() as [string, number][];
  const names: string[] = [];
  const end = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (nodes[at]?.[1] ?? 0) && next < nodes.length; child++) next = end(next);
    return next;
  };
  for (let at = 1; at < nodes.length; at = end(at)) names.push(nodes[at]?.[0] ?? '');
  return names;
}

/** Columns that are the index of the table that pandas wrote: it reads them back as that, not as columns. */
async function indexColumns({ connection }: Session, path: string): Promise<Set<string>> {
  const reader = await connection.runAndReadAll(
    `select decode(value) from parquet_kv_metadata(${quoteText(path)}) where key = 'pandas'::blob`,
  );
  const [[text] = []] = reader.getRows() as [string][];
  if (text === undefined) return new Set();
  try {
    const { index_columns: columns } = JSON.parse(text) as { index_columns?: unknown };
    return new Set(Array.isArray(columns) ? columns.filter((name) => typeof name === 'string') : []);
  } catch {
    return new Set();
  }
}
