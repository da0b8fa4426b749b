import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionResult, ExecutionSpec } from '#ports/executor';
import type { Exit } from './launch.ts';
import type { ProcessGroup } from './process-group.ts';

const FIRST_LOOK_MS = 5;
const LOOK_EVERY_MS = 100;
const LOOK_WHILE_ENDING_MS = 10;
/** Looking may take at most one part in this many of the time, and more of it only in the short while of an end. */
const LOOK_SHARE = 20;
const LOOK_SHARE_WHILE_ENDING = 4;
/** One empty look may have missed a process that forked and ended while /proc was read. */
const EMPTY_LOOKS_TO_BELIEVE = 2;

export interface Supervision {
  readonly done: Promise<ExecutionResult>;
  cancel(): void;
}

type EndedBy = Extract<ExecutionResult['outcome'], 'timed-out' | 'cancelled'>;

/**
 * Watches a started command until no process of it is left. One loop does it all: it samples what the group uses, sees
 * the deadline, sends TERM once and, from the end of the grace on, KILL to whatever still lives. A command that ended
 * by itself has its left-over background processes ended in the same way.
 */
export function supervise(
  exited: Promise<Exit>,
  limits: Pick<ExecutionSpec, 'timeoutMs' | 'graceMs'>,
  group: ProcessGroup,
  lookCostMs: () => number,
): Supervision {
  const beganMs = performance.now();
  let exit: Exit | undefined;
  let endedBy: EndedBy | undefined;
  let wake = new AbortController();
  void exited.then((facts) => {
    exit = facts;
    wake.abort();
  });

  async function watch(): Promise<ExecutionResult> {
    let termAtMs: number | undefined;
    let emptyLooks = 0;
    // Many a command has ended by then, and need not be looked at while it runs.
    await nap(Math.min(FIRST_LOOK_MS, limits.timeoutMs));
    for (let lookAfterMs = FIRST_LOOK_MS; ; lookAfterMs = Math.min(lookAfterMs * 2, LOOK_EVERY_MS)) {
      const nowMs = performance.now();
      if (!exit && !endedBy && nowMs - beganMs >= limits.timeoutMs) endedBy = 'timed-out';
      const isEnding = exit !== undefined || endedBy !== undefined;
      const living = tryToLook(group, exit !== undefined, isEnding ? 0 : lookAfterMs / 2);
      emptyLooks = exit && living?.length === 0 ? emptyLooks + 1 : 0;
      if (exit && emptyLooks >= EMPTY_LOOKS_TO_BELIEVE) return resultOf(exit, endedBy, nowMs - beganMs, group);
      if (isEnding && living !== undefined && living.length > 0) {
        if (termAtMs === undefined) {
          termAtMs = nowMs;
          group.signal('SIGTERM', living);
        } else if (nowMs - termAtMs >= limits.graceMs) group.signal('SIGKILL', living);
      }
      if (emptyLooks > 0) {
        // What was forked during the last look is there for the next one.
        await setImmediate();
        continue;
      }
      const leftMs = Math.max(1, limits.timeoutMs - (nowMs - beganMs));
      if (isEnding) await nap(Math.max(LOOK_WHILE_ENDING_MS, lookCostMs() * LOOK_SHARE_WHILE_ENDING));
      else await nap(Math.min(leftMs, Math.max(lookAfterMs, lookCostMs() * LOOK_SHARE)));
    }
  }

  async function nap(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: wake.signal }).catch(() => {});
    wake = new AbortController();
  }

  return {
    done: watch(),
    cancel() {
      // After its end a command is what it was; what it left behind is being ended anyway.
      if (exit || endedBy) return;
      endedBy = 'cancelled';
      wake.abort();
    },
  };
}

/** Undefined when it cannot be seen now, for want of file descriptors for instance: no reason to believe anything. */
function tryToLook(group: ProcessGroup, hasExited: boolean, maxAgeMs: number): readonly number[] | undefined {
  try {
    return group.look(hasExited, maxAgeMs);
  } catch {
    return undefined;
  }
}

function resultOf(exit: Exit, endedBy: EndedBy | undefined, durationMs: number, group: ProcessGroup): ExecutionResult {
  const outcome = endedBy ?? (exit.exitCode === 0 ? 'succeeded' : 'failed');
  return { outcome, ...exit, durationMs, ...group.use() };
}
