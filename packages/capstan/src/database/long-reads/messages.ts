import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';

/** A query, or what is to become of the rest of its rows. */
export type ReadQuestion = { readonly sql: string; readonly parameters: readonly SQLInputValue[] } | 'more' | 'drop';

/** The next rows as lists, or what SQLite threw. */
export type ReadAnswer =
  | {
      readonly columns: readonly string[];
      readonly rows: readonly (readonly SQLOutputValue[])[];
      readonly isLast: boolean;
    }
  | { readonly failure: ReadFailure };

/** An error's own fields, which a message between threads leaves out. */
export interface ReadFailure {
  readonly message: string;
  readonly code?: unknown;
  readonly errcode?: unknown;
  readonly errstr?: unknown;
}
