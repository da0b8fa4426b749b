import type { CommitTarget } from './group-commit.ts';
import type { LogSync } from './wal/log-sync.ts';

/** What the group commit does on SQLite, told as statements. */
export function sqliteTransactions(
  exec: (text: string) => void,
  log: Pick<LogSync, 'sync' | 'mend'>,
  turn: CommitTarget['turn'],
): CommitTarget {
  let isWaitingForDisk = true;
  return {
    mostWrites: 256,
    turn,
    begin(mustReachDisk) {
      isWaitingForDisk = mustReachDisk;
      log.mend();
      exec('begin immediate');
    },
    savepoint: () => exec('savepoint one_write'),
    release: () => exec('release one_write'),
    rollBackToSavepoint() {
      exec('rollback to one_write');
      exec('release one_write');
    },
    async commit() {
      exec('commit');
      // What need not wait is synced with the next commit that does, or by a checkpoint.
      if (isWaitingForDisk) await log.sync();
    },
    rollBack() {
      try {
        exec('rollback');
      } catch {
        // Nothing is open: SQLite rolled back by itself, or the commit is done and the disk failed.
      }
    },
  };
}
