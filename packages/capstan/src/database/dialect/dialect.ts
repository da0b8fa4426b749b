import type { Kysely, RawBuilder } from 'kysely';
import type { Schema } from '../schema/index.ts';

/** Values a column may hold in both databases; JSON travels as text. */
export type ColumnValue = string | number | bigint | null | Uint8Array;

/** The differences between the databases, each under a name. Everything else is the portable subset of SQL. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** Column type of 64-bit integers. */
  readonly integer: 'integer' | 'bigint';
  /** Column type of IEEE doubles. */
  readonly double: 'real' | 'double precision';
  /** Column type of bytes. */
  readonly bytes: 'blob' | 'bytea';
  /** Suffix that stores a table in the order of its primary key, where the database can. */
  readonly clustered: string;
  /** Suffix of a select whose rows the transaction takes for itself, leaving out those taken by others. */
  readonly forUpdateSkipLocked: RawBuilder<unknown>;
  /** Makes appends to the chain of facts one after another until the transaction ends. */
  lockChain(writer: Kysely<Schema>): Promise<void>;
  /**
   * Inserts many rows fast. A row whose key exists is left out, or does what `onConflict` says (`on conflict … do
   * update …`; then no two rows may have one key). Returns how many rows were inserted or changed.
   */
  insertMany(
    writer: Kysely<Schema>,
    table: keyof Schema,
    columns: readonly InsertColumn[],
    rows: readonly (readonly ColumnValue[])[],
    onConflict?: RawBuilder<unknown>,
  ): Promise<number>;
  /**
   * Inserts many rows, those of each owner by the owner's number, which is in the first column. Returns how many rows of
   * each owner were inserted or changed; those of whom none was are left out.
   */
  insertManyOf(
    writer: Kysely<Schema>,
    table: keyof Schema,
    columns: readonly InsertColumn[],
    rows: ReadonlyMap<number, readonly (readonly ColumnValue[])[]>,
    onConflict?: RawBuilder<unknown>,
  ): Promise<ReadonlyMap<number, number>>;
  /**
   * Sets columns of many rows fast; each row is the new values, then the values of `keys`, which name a row that is there.
   * Returns how many rows were found.
   */
  updateMany(
    writer: Kysely<Schema>,
    table: keyof Schema,
    columns: { readonly set: readonly InsertColumn[]; readonly keys: readonly InsertColumn[] },
    rows: readonly (readonly ColumnValue[])[],
  ): Promise<number>;
  /**
   * Rows as lists of their values, in the order of the select: an object for each costs as much as the reading, which tells
   * where there are thousands. Every column of the select has a name of its own.
   */
  selectLists<Row extends readonly unknown[]>(
    reader: Kysely<Schema>,
    query: RawBuilder<unknown>,
  ): Promise<readonly Row[]>;
  /** SQL's LIKE: `%` any text, `_` any character, nothing escaped. Where the case does not matter, that of ASCII letters. */
  matches(text: RawBuilder<unknown>, pattern: string, isCaseSensitive: boolean): RawBuilder<unknown>;
  /**
   * A 64-bit integer so that none of it is lost on its way here: a number where that is exact, else its digits as text.
   */
  exactInteger(column: RawBuilder<unknown>): RawBuilder<number | string>;
  /** Many values as one parameter, for `isIn`. */
  listOf(type: 'text' | 'integer', values: readonly (string | number | bigint)[]): string;
  /** Whether a value is in a list that `listOf` made. */
  isIn(type: 'text' | 'integer', value: RawBuilder<unknown>, list: RawBuilder<unknown>): RawBuilder<boolean>;
  /** Whether an integer is one of many, which are one parameter. */
  isOneOf(integer: RawBuilder<unknown>, values: readonly (number | bigint)[]): RawBuilder<boolean>;
  /**
   * The rows of a table where `condition` holds and an integer column has one of many different values, as a table: looked up
   * one by one in the index over what `condition` compares and the column.
   */
  rowsAt(
    table: keyof Schema,
    condition: RawBuilder<unknown>,
    column: string,
    values: readonly (number | bigint)[],
  ): RawBuilder<unknown>;
  /** A text that differs after each write of the row, as a column of the table by this name; null where nothing tells. */
  rowVersion(table: string): RawBuilder<string | null>;
  /** The text has a stretch that a regular expression matches; it is one that `flawOfRegExp` has no flaw of. */
  matchesRegExp(text: RawBuilder<unknown>, pattern: string): RawBuilder<unknown>;
  /** The text under a key of a column's JSON object of texts; null where it has none. */
  jsonText(column: RawBuilder<unknown>, key: string): RawBuilder<unknown>;
  /** The schema as text, sorted, for the golden files. */
  dumpSchema(reader: Kysely<Schema>): Promise<string>;
}

export interface InsertColumn {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'double' | 'bytes';
}
