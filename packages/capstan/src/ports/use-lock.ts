import { DatabaseSync } from 'node:sqlite';

/** How long somebody who begins to use a thing waits for somebody who looks whether it is used. */
const LOOK_MS = 10_000;

/**
 * Says that this process uses what a file stands for, beside any others that do, until the returned function is called. The
 * lock is the kernel's, by way of SQLite: it is gone the moment its holder dies, however it dies, and no number of a dead
 * process can be mistaken for a live one.
 * @throws Error where the file cannot be made, or somebody holds it alone
 */
export function holdUse(path: string): () => void {
  // A read within a transaction, which keeps its lock until that ends.
  return held(path, `pragma busy_timeout = ${LOOK_MS}; begin; select count(*) from sqlite_schema;`);
}

/** Holds it alone; undefined while this process or another one uses it. The file stays: a lock on one that is gone holds nobody off. */
export function holdAlone(path: string): (() => void) | undefined {
  try {
    return held(path, 'pragma busy_timeout = 0; pragma journal_mode = delete; begin exclusive;');
  } catch {
    return undefined;
  }
}

function held(path: string, statements: string): () => void {
  const lock = new DatabaseSync(path);
  try {
    lock.exec(statements);
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => lock.close();
}
