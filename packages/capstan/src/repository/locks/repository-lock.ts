import { join } from 'node:path';
import type { Repository } from '../open.ts';
import { lockFile, type LockOptions } from './file-lock.ts';

/** Works while nobody else does, dvc included. @throws DomainError CONFLICT after the time to wait */
export async function withRepositoryLock<Result>(
  { home }: Pick<Repository, 'home'>,
  options: LockOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  const release = await lockFile(join(home, 'tmp', 'lock'), options);
  try {
    return await work();
  } finally {
    release();
  }
}
