import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Buffers are given back by another thread, some time after nothing refers to them: the least of so many looks counts. */
const LOOKS = 3;
const BETWEEN_MS = 10;

/** Memory of this process that no file stands behind, in bytes, without what nothing refers to any more. 0 where it is not seen. */
export async function anonymousBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS; look++) {
    collect();
    await sleep(BETWEEN_MS);
    least = Math.min(least, residentNow());
  }
  return least;
}

function residentNow(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(/^RssAnon:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
