// What SQLite itself takes here: rows of our table through prepared statements, synchronous=FULL, no HTTP and no JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const ROWS = 1_000;

/** Rows a second in transactions of 1,000. */
export function rawRows(ms: number): number {
  return inFile((file, insert) => {
    const begin = performance.now();
    let rows = 0;
    for (let round = 0; performance.now() - begin < ms; round++) {
      file.exec('begin immediate');
      for (let index = 0; index < ROWS; index++)
        insert.run(1, index % 20, round * 50 + Math.floor(index / 20), 1_760_000_000_000 + round, index / 7);
      file.exec('commit');
      rows += ROWS;
    }
    return (rows * 1_000) / (performance.now() - begin);
  });
}

/** Commits a second of one row each. */
export function rawCommits(ms: number): number {
  return inFile((_file, insert) => {
    const begin = performance.now();
    let rows = 0;
    for (; performance.now() - begin < ms; rows++) insert.run(1, 1, rows, 1_760_000_000_000 + rows, rows / 3);
    return (rows * 1_000) / (performance.now() - begin);
  });
}

function inFile(work: (file: DatabaseSync, insert: ReturnType<DatabaseSync['prepare']>) => number): number {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-raw-'));
  const file = new DatabaseSync(join(folder, 'raw.db'));
  file.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536;
    create table points (run_key integer not null, metric_id integer not null, step integer not null,
      logged_at integer not null, value real not null, primary key (run_key, metric_id, step, logged_at, value)) without rowid`);
  const rate = work(file, file.prepare('insert into points values (?, ?, ?, ?, ?) on conflict do nothing'));
  file.close();
  rmSync(folder, { recursive: true, force: true });
  return rate;
}
