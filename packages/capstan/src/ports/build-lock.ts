import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 250;

/**
 * Waits until no other process or job builds, then holds the lock until the returned function is called. The lock is the
 * kernel's, by way of SQLite: it is gone the moment its holder dies, however it dies, and no number of a dead process can
 * be mistaken for a live one.
 * @throws the signal's reason when it is aborted while waiting
 */
export async function holdBuildLock(
  path: string,
  onWait: (holder: string) => Promise<void>,
  signal: AbortSignal,
): Promise<() => void> {
  let isWaiting = false;
  for (;;) {
    signal.throwIfAborted();
    const release = tryHold(path);
    if (release) return release;
    if (!isWaiting) await onWait(holderOf(path));
    isWaiting = true;
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

function tryHold(path: string): (() => void) | undefined {
  const lock = new DatabaseSync(path);
  try {
    lock.exec('pragma busy_timeout = 0; pragma journal_mode = delete; begin exclusive;');
  } catch {
    lock.close();
    return undefined;
  }
  // Only for the message of those who wait.
  writeFileSync(`${path}.holder`, String(process.pid));
  return () => lock.close();
}

function holderOf(path: string): string {
  try {
    return `process ${readFileSync(`${path}.holder`, 'utf8')}`;
  } catch {
    return 'another process';
  }
}
