import type { CommitTarget } from './group-commit.ts';

/** What the group commit does on SQLite, told as statements. */
export function sqliteTransactions(exec: (text: string) => void, turn: CommitTarget['turn']): CommitTarget {
  let isWaitingForDisk = true;

  /** Only between transactions: inside one, SQLite passes over it. */
  function waitForDisk(mustReachDisk: boolean): void {
    if (mustReachDisk === isWaitingForDisk) return;
    // NORMAL in WAL mode: the log is written at once and synced later, with the next commit that is, or by a checkpoint.
    exec(`pragma synchronous = ${mustReachDisk ? 'full' : 'normal'}`);
    isWaitingForDisk = mustReachDisk;
  }

  return {
    mostWrites: 256,
    turn,
    begin(mustReachDisk) {
      waitForDisk(mustReachDisk);
      exec('begin immediate');
    },
    savepoint: () => exec('savepoint one_write'),
    release: () => exec('release one_write'),
    rollBackToSavepoint() {
      exec('rollback to one_write');
      exec('release one_write');
    },
    commit: () => exec('commit'),
    rollBack() {
      try {
        exec('rollback');
      } catch {
        // Nothing is open: SQLite rolled back by itself.
      }
    },
  };
}
