import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { conflict } from '#kernel/errors';
import { translatedFailure } from './full-disk.ts';

/**
 * Holds a file for one process. The lock is that of a SQLite file beside it, and so the kernel’s:
 * it is gone the moment the holder dies, however it dies. The holder’s name beside it is only for the message.
 * @throws DomainError CONFLICT naming the holder; STORAGE_FULL
 */
export function lockForProcess(path: string): () => void {
  const holderFile = `${path}.holder.json`;
  const lock = new DatabaseSync(`${path}.lock`);
  try {
    lock.exec('pragma busy_timeout = 0; pragma journal_mode = delete; begin exclusive;');
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw translatedFailure(cause);
    throw conflict(`Another Capstan process holds ${path} (${describeHolder(holderFile)})`, {
      hint: 'Stop it, or start this one with another --data directory. For several servers use PostgreSQL.',
      cause,
    });
  }
  const startedAt = new Date(Date.now()).toISOString();
  try {
    writeFileSync(holderFile, JSON.stringify({ pid: process.pid, startedAt }));
  } catch (cause) {
    lock.close();
    throw translatedFailure(cause);
  }
  return () => lock.close();
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function describeHolder(file: string): string {
  try {
    const holder: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof holder === 'object' && holder !== null && 'pid' in holder && 'startedAt' in holder) {
      return `process ${String(holder.pid)}, started ${String(holder.startedAt)}`;
    }
  } catch {
    // The holder may be between taking the lock and writing its name.
  }
  return 'its name is not written yet';
}
