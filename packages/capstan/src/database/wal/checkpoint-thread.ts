// A thread that copies the write-ahead log into the database file, so that nobody who is served waits for the disk meanwhile.
// Each message asks for one pass; it is answered when the pass is over, with whether it succeeded.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { END } from '../asked-thread.ts';

const file = new DatabaseSync(String(workerData));
// FULL: the log is on disk before the file is written, and the file before the log is written from its start again.
file.exec('pragma busy_timeout = 5000; pragma synchronous = full; pragma cache_size = -256;');

parentPort?.on('message', (message: 'pass' | typeof END) => {
  if (message === END) {
    file.close();
    parentPort?.close();
    return;
  }
  try {
    file.exec('pragma wal_checkpoint(passive)');
    parentPort?.postMessage(true);
  } catch {
    // No space left, mostly. What is in the log stays there.
    parentPort?.postMessage(false);
  }
});
