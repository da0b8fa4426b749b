import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { findLeftBehind } from './kin.ts';
import { tell } from './process-group.ts';
import { createProcessTable } from './process-table.ts';

const LOOK_EVERY_MS = 20;
const EMPTY_LOOKS_TO_BELIEVE = 2;

/**
 * Ends what an earlier process of the server started under an attempt id and left behind, found by the mark in its
 * environment: TERM, then KILL after the grace. Returns when nothing of it lives.
 */
export async function reapByMarker(attemptId: string, graceMs: number): Promise<void> {
  const beganMs = performance.now();
  const knownKeys = new Set<string>();
  // A table of its own: one that is kept may have seen a process before it had its mark.
  const table = createProcessTable();
  const kinship = { attemptId, leaderPid: undefined, hasLeaderExited: true, knownKeys };
  for (let emptyLooks = 0; emptyLooks < EMPTY_LOOKS_TO_BELIEVE;) {
    const kin = findLeftBehind(table.read(0), kinship).filter((entry) => !entry.isZombie);
    emptyLooks = kin.length === 0 ? emptyLooks + 1 : 0;
    for (const { key, pid } of kin) {
      if (performance.now() - beganMs >= graceMs) tell(pid, 'SIGKILL');
      else if (!knownKeys.has(key)) tell(pid, 'SIGTERM');
      knownKeys.add(key);
    }
    await sleep(LOOK_EVERY_MS);
  }
}
