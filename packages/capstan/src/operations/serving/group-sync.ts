import { closeSync, fdatasync, fsync, openSync } from 'node:fs';
import { promisify } from 'node:util';

/** Has a file on disk, for many who wait together. */
export interface GroupSync {
  /** Resolves once all that has been written so far is on disk. @throws Error as the system does */
  sync(): Promise<void>;
  /** Closes the file once nobody waits any more. */
  close(): void;
}

const syncData = promisify(fdatasync);
const syncWhole = promisify(fsync);

/**
 * One sync at a time: who comes while one is under way may have written too late for it, and shares the next one with all
 * that came meanwhile.
 * @param folder that the file has been made in, whose entry of it has to be on disk too
 */
export function groupSync(
  file: number,
  folder: string,
  syncFile: (file: number) => Promise<void> = syncData,
): GroupSync {
  let next: PromiseWithResolvers<void> | undefined;
  let running: Promise<void> | undefined;
  let isNamed = false;

  async function run(): Promise<void> {
    for (let mine = next; mine; mine = next) {
      next = undefined;
      try {
        await syncFile(file);
        if (!isNamed) await syncFolder(folder);
        isNamed = true;
        mine.resolve();
      } catch (error) {
        mine.reject(error);
      }
    }
    running = undefined;
  }

  return {
    sync() {
      next ??= Promise.withResolvers();
      const { promise } = next;
      running ??= run();
      return promise;
    },
    close() {
      // Never while a sync may be about to begin: its number could be another file's by then.
      if (running) void running.then(() => closeSync(file));
      else closeSync(file);
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  const file = openSync(folder, 'r');
  try {
    await syncWhole(file);
  } finally {
    closeSync(file);
  }
}
