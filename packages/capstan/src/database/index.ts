// Storage of the control plane: one interface over built-in SQLite and PostgreSQL, the schema and its migrations.
// Owns connections, transactions, group commit and the few named differences between the dialects.
// Does not know any module's rules: queries live in each module's store.ts, the only other importer of Kysely.
export { digestsIn, type DigestPlace } from './held-digests.ts';
export { openDatabase, type DatabaseOptions } from './open.ts';
export { forLongReads, type Database, type Reader, type ReadSide, type WriteOptions, type Writer } from './database.ts';
export type { Dialect, InsertColumn } from './dialect/dialect.ts';
export { memoOf } from './memo.ts';
export { isBehind, newestPage, type NewestFirst } from './newest-first.ts';
export { prepared, preparedInsert } from './prepared.ts';
export type { Schema } from './schema/index.ts';
export * from './search/index.ts';
