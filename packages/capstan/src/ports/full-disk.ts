import { DomainError } from '#kernel/errors';

/** SQLITE_FULL, and SQLITE_IOERR_WRITE as a full quota shows itself. */
const FULL_CODES = new Set([13, 778]);

/** What SQLite or the file system threw, as STORAGE_FULL where the disk is full. */
export function translatedFailure(error: unknown): unknown {
  const isFull =
    error instanceof Error &&
    (('errcode' in error && FULL_CODES.has(Number(error.errcode))) || ('code' in error && error.code === 'ENOSPC'));
  if (isFull) {
    return new DomainError('STORAGE_FULL', 'There is no space left to write the database', {
      hint: 'Free some space; reads go on, and writes work again without a restart.',
      cause: error,
    });
  }
  return error;
}
