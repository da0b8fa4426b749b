import type { CommitTarget } from './group-commit.ts';
import type { LogSync } from './wal/log-sync.ts';

/**
 * A commit that takes less waits for the disk by itself: to have a thread do that takes some 0.1 ms of computing. Longer
 * ones would hold everyone who is served.
 */
const QUICK_MS = 1;
/** Of the commits of a slow disk, one in so many shows how quick it is by now. */
const PROBES = 16;
/** Of the last commit in the share of slow ones: some that are slow do not make a slow disk. */
const WEIGHT = 0.1;

/**
 * What the group commit does on SQLite, told as statements. The disk is waited for within the commit (`synchronous = full`)
 * where it is quick, else beside the event loop: with `normal` a commit writes the log and leaves its sync to others.
 */
export function sqliteTransactions(
  exec: (text: string) => void,
  log: Pick<LogSync, 'sync' | 'mend'>,
  turn: CommitTarget['turn'],
  now = () => performance.now(),
): CommitTarget {
  /** Of the commits that waited by themselves of late. */
  let shareOfSlow = 0;
  let commits = 0;
  let mustReachDisk = true;
  /** What the connection is set to. */
  let isSyncedByCommit = true;

  /** Only between transactions: inside one, SQLite passes over it. */
  function syncByCommit(isSynced: boolean): void {
    if (isSynced === isSyncedByCommit) return;
    exec(`pragma synchronous = ${isSynced ? 'full' : 'normal'}`);
    isSyncedByCommit = isSynced;
  }

  return {
    mostWrites: 256,
    turn,
    begin(mustReach) {
      mustReachDisk = mustReach;
      log.mend();
      syncByCommit(mustReachDisk && (shareOfSlow < 0.5 || ++commits % PROBES === 0));
      exec('begin immediate');
    },
    savepoint: () => exec('savepoint one_write'),
    release: () => exec('release one_write'),
    rollBackToSavepoint() {
      exec('rollback to one_write');
      exec('release one_write');
    },
    async commit() {
      const begin = now();
      exec('commit');
      if (isSyncedByCommit) shareOfSlow += ((now() - begin < QUICK_MS ? 0 : 1) - shareOfSlow) * WEIGHT;
      // What need not wait is synced with the next commit that does, or by a checkpoint.
      else if (mustReachDisk) await log.sync();
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
