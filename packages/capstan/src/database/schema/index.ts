import type { FoundationSchema } from './foundation.ts';

/** Every table, by wing. Column names are snake_case; times are milliseconds; JSON is text. */
export interface Schema extends FoundationSchema {}
