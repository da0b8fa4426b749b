import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdAlone } from './use-lock.ts';

const LOOK_AGAIN_MS = 250;

/**
 * Waits until no other process or job builds, then holds the lock until the returned function is called, or until this
 * process dies; see `holdUse`.
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
  const release = holdAlone(path);
  // Only for the message of those who wait.
  if (release) writeFileSync(`${path}.holder`, String(process.pid));
  return release;
}

function holderOf(path: string): string {
  try {
    return `process ${readFileSync(`${path}.holder`, 'utf8')}`;
  } catch {
    return 'another process';
  }
}
