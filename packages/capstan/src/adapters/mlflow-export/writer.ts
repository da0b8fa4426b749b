import { randomUUID } from 'node:crypto';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

export interface Writer {
  row(table: string, values: Readonly<Record<string, SQLInputValue>>): void;
  /** One transaction. */
  together(work: () => void): void;
}

export function createWriter(file: DatabaseSync): Writer {
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  return {
    row(table, values) {
      const columns = Object.keys(values);
      const text = `insert or ignore into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`;
      let statement = statements.get(text);
      if (!statement) statements.set(text, (statement = file.prepare(text)));
      statement.run(...Object.values(values));
    },
    together(work) {
      file.exec('begin');
      work();
      file.exec('commit');
    },
  };
}

/** As MLflow makes its own. */
export function newId(): string {
  return randomUUID().replaceAll('-', '');
}
