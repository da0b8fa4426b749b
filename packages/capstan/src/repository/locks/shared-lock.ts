import { join } from 'node:path';
import { lockFile, type LockOptions } from './file-lock.ts';

/** DVC's lock of a repository, held by several works of one command while any of them needs it. */
export interface SharedLock {
  /** @throws DomainError CONFLICT after the time to wait */
  enter(): Promise<void>;
  /** When nobody needs it for a while, it is let go, so that other commands can work: a stage may call some itself. */
  leave(): void;
  close(): void;
}

/** dvc waits 3 s for the lock. Taking it anew costs a process, so that short commands keep it. */
const KEPT_MS = 100;

/** @param onRelease called each time before the lock is let go */
export function createSharedLock(home: string, options: LockOptions, onRelease: () => void): SharedLock {
  let users = 0;
  let held: Promise<() => void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const letGo = async (): Promise<void> => {
    const lock = held;
    if (users > 0 || !lock) return;
    held = undefined;
    const release = await lock;
    onRelease();
    release();
  };

  return {
    async enter() {
      users++;
      held ??= lockFile(join(home, 'tmp', 'lock'), options);
      try {
        await held;
      } catch (error) {
        users--;
        held = undefined;
        throw error;
      }
    },
    leave() {
      users--;
      clearTimeout(timer);
      if (users === 0) timer = setTimeout(() => void letGo(), KEPT_MS);
    },
    close() {
      clearTimeout(timer);
      users = 0;
      void letGo();
    },
  };
}
