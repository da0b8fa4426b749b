import { invalid } from '#kernel/errors';
import type { Description } from '#operations/serving';
import type { SignatureItem } from '#ports/model-signature';
import type { ScoringInput } from './parse-body.ts';

type Column = Extract<SignatureItem, { kind: 'column' }>;
type TensorItem = Extract<SignatureItem, { kind: 'tensor' }>;
type Table = { readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] };

/**
 * Holds a request to the signature that the model was logged with, as MLflow's `_enforce_schema` does: columns by name in
 * the signature's order, others dropped, each value of its column's type; tensors by shape and type. What a cast would
 * change (a fraction as a whole number) is refused, where MLflow's server casts it. Models without a signature take what
 * came.
 * @throws DomainError INVALID_ARGUMENT naming the column
 */
export function enforceSignature(
  input: ScoringInput,
  { signature, contextColumns }: Pick<Description, 'signature' | 'contextColumns'>,
): ScoringInput {
  if (signature === null || signature.length === 0) return input;
  const columns = signature.filter((item) => item.kind === 'column');
  if (columns.length === signature.length) return enforceColumns(tableOf(input), columns, contextColumns);
  const tensors = signature.filter((item) => item.kind === 'tensor');
  const [only] = tensors;
  if (tensors.some(({ name }) => name !== null)) enforceTensors(input, tensors);
  else if (only) enforceTensor(input, only, contextColumns);
  return input;
}

/** As pandas makes a table of it: columns without names are numbered, single values are one row. */
function tableOf(input: ScoringInput): Table {
  if (input.kind === 'table') return { columns: input.columns ?? numbered(input.rows[0]), rows: input.rows };
  if (input.kind === 'matrix') {
    const rows = input.rows.map((row): readonly unknown[] => (Array.isArray(row) ? row : [row]));
    return { columns: numbered(rows[0]), rows };
  }
  const columns = Object.keys(input.columns).filter((name) => input.columns[name] !== undefined);
  const given = columns.map((name) => input.columns[name]);
  if (given.every((values) => values === null || typeof values !== 'object')) return { columns, rows: [given] };
  const lists = given.map((values, index) => {
    if (Array.isArray(values)) return values as readonly unknown[];
    throw invalid(`The column '${columns[index]}' is not a list`, { field: columns[index] ?? 'inputs' });
  });
  const length = lists[0]?.length ?? 0;
  const other = lists.findIndex((values) => values.length !== length);
  if (other >= 0) {
    throw invalid(`The column '${columns[other]}' has ${lists[other]?.length} rows; '${columns[0]}' has ${length}`, {
      field: columns[other] ?? 'inputs',
    });
  }
  return { columns, rows: Array.from({ length }, (_, row) => lists.map((values) => values[row])) };
}

function numbered(row: readonly unknown[] = []): string[] {
  return Array.from(row, (_, index) => String(index));
}

function enforceColumns(table: Table, columns: readonly Column[], contextColumns: readonly string[]): ScoringInput {
  const taken = columns.some(({ name }) => name !== null)
    ? namedPlaces(table, columns, contextColumns)
    : unnamedPlaces(table, columns);
  for (const { column, name, place } of taken) checkColumn(table, name, place, column.type);
  const context = contextColumns
    .filter((name) => taken.every((one) => one.name !== name))
    .map((name) => ({ name, place: table.columns.indexOf(name) }))
    .filter(({ place }) => place >= 0);
  const kept = [...taken, ...context];
  const isAsItIs = kept.length === table.columns.length && kept.every(({ place }, index) => place === index);
  return {
    kind: 'table',
    columns: kept.map(({ name }) => name),
    rows: isAsItIs ? table.rows : table.rows.map((row) => kept.map(({ place }) => row[place])),
  };
}

interface Taken {
  readonly column: Column;
  readonly name: string;
  readonly place: number;
}

function namedPlaces({ columns: given }: Table, columns: readonly Column[], context: readonly string[]): Taken[] {
  const places = new Map(given.map((name, place) => [name, place]));
  const named = columns.map((column) => ({ column, name: column.name ?? '' }));
  const missing = named.filter(({ column, name }) => column.isRequired && !places.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    const known = new Set([...named.map(({ name }) => name), ...context]);
    throw missingInputs(
      missing,
      given.filter((name) => !known.has(name)),
    );
  }
  return named.flatMap(({ column, name }) => {
    const place = places.get(name);
    return place === undefined ? [] : [{ column, name, place }];
  });
}

function missingInputs(missing: readonly string[], extra: readonly string[]) {
  const also = extra.length === 0 ? '' : `. Note that there were extra inputs: ${listed(extra)}`;
  return invalid(`Model is missing inputs ${listed(missing)}${also}`, {
    field: missing[0] ?? 'body',
    hint: 'Send the columns of the signature that the model was logged with.',
  });
}

function listed(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}

function unnamedPlaces({ columns: given }: Table, columns: readonly Column[]): Taken[] {
  if (given.length < columns.length) {
    throw invalid(
      `Model inference is missing inputs. The model signature declares ${columns.length} inputs  but the provided value ` +
        `only has ${given.length} inputs. Note: the inputs were not named in the signature so we can only verify their count`,
      { field: 'body' },
    );
  }
  return columns.map((column, place) => ({ column, name: given[place] ?? '', place }));
}

/** MLflow's types of columns → NumPy's name, and what fits. Other types are the model's matter. */
const TYPES: Readonly<Record<string, { readonly numpy: string; readonly fits: (value: unknown) => boolean }>> = {
  boolean: { numpy: 'bool', fits: isBoolean },
  integer: { numpy: 'int32', fits: (value) => isWhole(value) && Math.abs(Number(value) + 0.5) < 2 ** 31 },
  long: { numpy: 'int64', fits: isWhole },
  float: { numpy: 'float32', fits: isNumber },
  double: { numpy: 'float64', fits: isNumber },
  string: { numpy: 'object', fits: (value) => value === null || value === undefined || typeof value === 'string' },
};

const NUMBER = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;

/** A missing value is none of a number's, as pandas has it. */
function isNumber(value: unknown): boolean {
  if (typeof value === 'string') return NUMBER.test(value);
  return value === null || value === undefined || ['number', 'bigint', 'boolean'].includes(typeof value);
}

function isWhole(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value);
  return typeof value === 'string' ? /^\s*[-+]?\d+\s*$/.test(value) : ['bigint', 'boolean'].includes(typeof value);
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'string' ? /^(?:true|false)$/i.test(value) : [true, false, 0, 1].includes(value as boolean);
}

function checkColumn({ rows }: Table, name: string, place: number, type: string): void {
  const known = TYPES[type];
  if (known === undefined) return;
  const wrong = rows.findIndex((row) => !known.fits(row[place]));
  if (wrong >= 0) throw wrongType(name, known.numpy, rows[wrong]?.[place], wrong);
}

function wrongType(name: string, numpy: string, value: unknown, row: number) {
  return invalid(
    `Data is not compatible with model signature. Failed to convert column ${name} to type '${numpy}': row ${row + 1} ` +
      `has ${shown(value)}`,
    { field: name },
  );
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return 'bytes';
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  return typeof value === 'bigint' ? String(value) : (text ?? 'null').slice(0, 60);
}

function enforceTensors(input: ScoringInput, tensors: readonly TensorItem[]): void {
  if (input.kind === 'matrix' || (input.kind === 'table' && input.columns === undefined)) {
    const [only] = tensors;
    if (only && tensors.length === 1) checkTensor(only, input.rows);
    return;
  }
  const given = input.kind === 'table' ? (input.columns ?? []) : Object.keys(input.columns);
  const names = tensors.map(({ name }) => name ?? '');
  const missing = names.filter((name) => !given.includes(name));
  if (missing.length > 0) {
    throw missingInputs(
      missing,
      given.filter((name) => !names.includes(name)),
    );
  }
  for (const item of tensors) {
    const name = item.name ?? '';
    const place = given.indexOf(name);
    checkTensor(item, input.kind === 'table' ? input.rows.map((row) => row[place]) : input.columns[name], {
      isColumn: input.kind === 'table',
    });
  }
}

/** One tensor without a name: rows are it, whatever their columns are called. */
function enforceTensor(input: ScoringInput, item: TensorItem, contextColumns: readonly string[]): void {
  if (input.kind === 'columns') return;
  if (input.kind === 'matrix' || input.columns === undefined) {
    checkTensor(item, input.rows);
    return;
  }
  const places = input.columns.flatMap((name, place) => (contextColumns.includes(name) ? [] : [place]));
  const [only] = places;
  if (only !== undefined && places.length === 1) {
    const values = input.rows.map((row) => row[only]);
    checkTensor(item, values, { isColumn: true });
  } else {
    const rows = input.rows.map((row) => places.map((place) => row[place]));
    checkTensor(item, rows);
  }
}

/**
 * @param isColumn values of a table's column, which tell no shape beyond how many each row has. Single values are taken for
 * rows of one value each in any form.
 */
function checkTensor({ name, dtype, shape }: TensorItem, values: unknown, { isColumn = false } = {}): void {
  const sizes = sizesOf(values);
  const isLoose = isColumn || sizes.length === 1;
  // A scalar is one value in one row.
  const loose = shape.length === 0 ? [1, 1] : rowsAndWidth(shape);
  const [wanted, given] = isLoose ? [loose, rowsAndWidth(sizes)] : [shape, sizes];
  const isOther = wanted.length !== given.length || wanted.some((size, axis) => size >= 0 && size !== given[axis]);
  if (isOther) {
    throw invalid(`Shape of input ${tuple(sizes)} does not match expected shape ${tuple(shape)}`, {
      field: name ?? 'body',
    });
  }
  const fits = dtype.startsWith('float') ? isNumber : /^u?int/.test(dtype) ? isWhole : undefined;
  if (fits === undefined) return;
  for (const [row, value] of (Array.isArray(values) ? (values as readonly unknown[]) : [values]).entries()) {
    if (!Array.isArray(value) && fits(value)) continue;
    const wrong = [value].flat(Infinity).find((one) => !fits(one));
    if (wrong !== undefined) throw wrongType(name ?? 'of the input', dtype, wrong, row);
  }
}

/** -1 for a width that is any. */
function rowsAndWidth([rows = 0, ...rest]: readonly number[]): number[] {
  return [rows, rest.includes(-1) ? -1 : rest.reduce((product, size) => product * size, 1)];
}

function sizesOf(values: unknown): number[] {
  const sizes: number[] = [];
  for (let at = values; Array.isArray(at); at = at[0]) sizes.push(at.length);
  return sizes;
}

function tuple(sizes: readonly number[]): string {
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`;
}
