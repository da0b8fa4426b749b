import { setTimeout as sleep } from 'node:timers/promises';
import { descendantsOf, residentBytes } from './process-tree.ts';
import type { WorkerLimits } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

const LOOK_EVERY_MS = 200;
/** Reading what a worker has started takes longer than looking at itself. */
const LOOKS_PER_TREE = 5;
const LOOKS_PER_PING = 25;
/** An idle worker that has nothing to say for so long is stopped or hangs. */
const MAX_SILENCE_MS = 15_000;

/** Ends a worker that takes too much memory, or that is idle and does not answer. Memory is seen on Linux only. */
export function watchWorker(
  process: WorkerProcess,
  limits: Pick<WorkerLimits, 'maxMemoryBytes' | 'graceMs'>,
  on: { isIdle(): boolean; readonly slot: { memoryBytes: number } },
): { stop(): void } {
  let looks = 0;
  let others: readonly number[] = [];
  let isLooking = false;
  let unansweredSince: number | undefined;

  async function look(): Promise<void> {
    if (looks % LOOKS_PER_TREE === 0) others = await descendantsOf(process.pid);
    const bytes = [process.pid, ...others].reduce((sum, pid) => sum + residentBytes(pid), 0);
    on.slot.memoryBytes = bytes;
    if (bytes > limits.maxMemoryBytes) {
      stop();
      const [taken, allowed] = [bytes, limits.maxMemoryBytes].map((count) => Math.round(count / 2 ** 20));
      await process.end(`it took ${taken} MiB of memory; ${allowed} are allowed`, 0);
    }
  }

  async function ping(): Promise<void> {
    if (unansweredSince !== undefined) return;
    unansweredSince = looks;
    const answered = process.ping().then(() => true);
    const over = process.ended.then(() => true);
    while (!(await Promise.race([answered, over, sleep(MAX_SILENCE_MS, false, { ref: false })]))) {
      // Busy, it may be in a library that lets nobody else run; deadlines see to that.
      if (!on.isIdle()) continue;
      await process.end(`it did not answer for ${MAX_SILENCE_MS / 1000} s`, limits.graceMs);
      return;
    }
    unansweredSince = undefined;
  }

  const timer = setInterval(() => {
    looks++;
    if (looks % LOOKS_PER_PING === 0) void ping();
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, LOOK_EVERY_MS);
  timer.unref();

  function stop(): void {
    clearInterval(timer);
  }
  return { stop };
}
