import type { ProcessEntry } from './process-table.ts';

/** What is known of one attempt's processes. */
export interface Kinship {
  readonly attemptId: string;
  /** Process, group and session id of the shell that was started; unknown after a restart of the server. */
  readonly leaderPid: number | undefined;
  /** Once it was waited for, its number may come to belong to a stranger. */
  readonly hasLeaderExited: boolean;
  /** Keys of processes that were kin at an earlier look. */
  readonly knownKeys: ReadonlySet<string>;
}

/**
 * The processes of an attempt among all processes: those of its group or session, those with its mark in their
 * environment, those that were kin before, and all descendants of these. So a process is lost only when, between two
 * looks, it has left group and session, dropped its environment and seen its parent end.
 */
export function findKin(entries: readonly ProcessEntry[], kinship: Kinship): readonly ProcessEntry[] {
  const { attemptId, leaderPid, hasLeaderExited, knownKeys } = kinship;
  const isNumberTaken = hasLeaderExited && entries.some((entry) => entry.pid === leaderPid);
  const kin = new Map<number, ProcessEntry>();
  for (const entry of entries) {
    const isOfSession = entry.groupId === leaderPid || entry.sessionId === leaderPid;
    const isKin = entry.attemptId === attemptId || knownKeys.has(entry.key) || (isOfSession && !isNumberTaken);
    if (isKin && entry.pid !== process.pid) kin.set(entry.pid, entry);
  }
  return withDescendants(entries, kin);
}

/** As `findKin` without a leader: also everything in the sessions of those that bear the mark, but for our own session. */
export function findLeftBehind(entries: readonly ProcessEntry[], kinship: Kinship): readonly ProcessEntry[] {
  const own = entries.find((entry) => entry.pid === process.pid)?.sessionId;
  const marked = findKin(entries, kinship);
  const sessions = new Set(marked.map((entry) => entry.sessionId).filter((id) => id !== own && id > 1));
  const kin = new Map(marked.map((entry) => [entry.pid, entry]));
  for (const entry of entries) if (sessions.has(entry.sessionId)) kin.set(entry.pid, entry);
  return withDescendants(entries, kin);
}

function withDescendants(entries: readonly ProcessEntry[], kin: Map<number, ProcessEntry>): readonly ProcessEntry[] {
  for (let before = -1; before !== kin.size;) {
    before = kin.size;
    for (const entry of entries) if (kin.has(entry.parentPid) && entry.pid !== process.pid) kin.set(entry.pid, entry);
  }
  return [...kin.values()];
}
