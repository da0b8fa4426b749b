import { DomainError, notFound } from '#kernel/errors';
import type { Digest } from '#ports/blob-store';

/** True for an error of the operating system with that code, such as `ENOENT`. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** What a failed write means to the caller: a full disk or an unwritable one is told as such, the rest stays as it is. */
export function writeFailure(error: unknown): unknown {
  if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
    return new DomainError('STORAGE_FULL', 'There is no space left to store the bytes; nothing was kept', {
      hint: 'Free space on the disk that holds the data directory, then send the same request again.',
      cause: error,
    });
  }
  if (isErrno(error, 'EROFS') || isErrno(error, 'EACCES') || isErrno(error, 'EIO')) {
    return new DomainError('UNAVAILABLE', 'The blob directory cannot be written; nothing was kept', {
      hint: 'See that the data directory is writable for the server and its disk is healthy.',
      cause: error,
    });
  }
  return error;
}

/** What a failed read means to the caller. */
export function readFailure(error: unknown, digest: Digest): unknown {
  if (isErrno(error, 'ENOENT')) return notFound('blob', digest);
  if (isErrno(error, 'EIO') || isErrno(error, 'ELOOP')) return dataLoss(digest, error);
  return error;
}

export function dataLoss(digest: Digest, cause?: unknown): DomainError {
  return new DomainError('DATA_LOSS', `The stored bytes of ${digest} are damaged`, {
    hint: 'Store the same bytes again or restore them from a backup; check the disk.',
    details: { digest },
    cause,
  });
}
