import { existsSync } from 'node:fs';
import { conflict, DomainError } from '#kernel/errors';
import type { Execution, Executor } from '#ports/executor';
import { launch } from './launch.ts';
import { groupByNumber, groupByProcessTable } from './process-group.ts';
import { createProcessTable } from './process-table.ts';
import { reapByMarker } from './reap.ts';
import { supervise } from './supervise.ts';

const DEFAULT_REAP_GRACE_MS = 5000;
/** Those that were there before the first command cannot be of one: reading them all takes longer than a short command. */
const STRANGERS_KEPT_MS = 1000;

interface ExecutorLocalOptions {
  /** Real time between TERM and KILL for what an earlier server left behind. */
  readonly reapGraceMs?: number;
  /** Whether processes are seen by /proc; by default where there is one, which is on Linux. */
  readonly hasProcessTable?: boolean;
}

/**
 * Runs commands on this machine by `/bin/sh -c`, each as the leader of its own session.
 *
 * CPU and memory are sampled about every 100 ms (sooner at first), so the last tenth of a second of each process that
 * was not waited for is missing; memory of processes that share pages counts them in each. Without /proc (macOS) both
 * are null, a process that leaves its group is not found, and `reap` fails with NOT_IMPLEMENTED.
 *
 * `start` fails with DomainError INVALID_ARGUMENT (attemptId, command, cwd, env, logFile, limits), CONFLICT (the attempt
 * runs already), STORAGE_FULL, RESOURCE_EXHAUSTED (no more processes), or NOT_IMPLEMENTED (Windows).
 */
export function createExecutorLocal(options: ExecutorLocalOptions = {}): Executor {
  const hasProcessTable = options.hasProcessTable ?? existsSync('/proc/self/stat');
  const table = createProcessTable(STRANGERS_KEPT_MS);
  const running = new Map<string, Execution>();
  const starting = new Set<string>();
  let hasSeenStrangers = false;

  return {
    async start(spec) {
      if (process.platform === 'win32') throw notHere('Windows has no /bin/sh', 'Run the server under WSL.');
      const { attemptId } = spec;
      if (running.has(attemptId) || starting.has(attemptId)) {
        throw conflict(`The attempt ${attemptId} runs already`, { field: 'attemptId', hint: 'Take a new attempt id.' });
      }
      starting.add(attemptId);
      try {
        if (hasProcessTable && !hasSeenStrangers) table.read(0);
        hasSeenStrangers = true;
        const { pid, exited } = await launch(spec);
        const group = hasProcessTable ? groupByProcessTable(table, attemptId, pid) : groupByNumber(pid);
        const supervision = supervise(exited, spec, group, () => (hasProcessTable ? table.lastReadMs : 0));
        const done = supervision.done.finally(() => running.delete(attemptId));
        const execution = { attemptId, done, cancel: () => supervision.cancel() };
        running.set(attemptId, execution);
        return execution;
      } finally {
        starting.delete(attemptId);
      }
    },
    async reap(attemptId) {
      const own = running.get(attemptId);
      if (own) {
        own.cancel();
        await own.done;
        return;
      }
      if (!hasProcessTable) {
        throw notHere('Left-over processes cannot be found without /proc', 'Look for them and end them by hand.');
      }
      await reapByMarker(attemptId, options.reapGraceMs ?? DEFAULT_REAP_GRACE_MS);
    },
  };
}

function notHere(message: string, hint: string): DomainError {
  return new DomainError('NOT_IMPLEMENTED', message, { hint });
}
