import { describe, expect, it } from 'vitest';
import { findKin, findLeftBehind, type Kinship } from './kin.ts';
import type { ProcessEntry } from './process-table.ts';

function entry(pid: number, facts: Partial<ProcessEntry> = {}): ProcessEntry {
  const defaults = { key: `${pid}:1`, parentPid: 1, groupId: pid, sessionId: pid, isZombie: false, cpuMs: 0 };
  return { pid, attemptId: undefined, ...defaults, ...facts };
}

const kinship: Kinship = { attemptId: 'at_1', leaderPid: 100, hasLeaderExited: false, knownKeys: new Set() };
const pids = (entries: readonly ProcessEntry[]) => entries.map(({ pid }) => pid).toSorted((a, b) => a - b);

describe('findKin', () => {
  it('finds group, session, mark, acquaintances and descendants, in whatever order they are listed', () => {
    const entries = [
      entry(109, { parentPid: 108 }),
      entry(108, { parentPid: 107 }),
      entry(100),
      entry(101, { groupId: 100 }),
      entry(102, { sessionId: 100 }),
      entry(103, { attemptId: 'at_1' }),
      entry(104, { key: '104:7' }),
      entry(105),
      entry(106, { attemptId: 'at_2' }),
      entry(107, { parentPid: 103 }),
    ];
    const found = findKin(entries, { ...kinship, knownKeys: new Set(['104:7']) });
    expect(pids(found)).toEqual([100, 101, 102, 103, 104, 107, 108, 109]);
  });

  it('does not take a stranger for kin that got the number of a process that is gone', () => {
    const stranger = [entry(100, { key: '100:9' }), entry(101, { groupId: 100, sessionId: 100 }), entry(104)];
    expect(findKin(stranger, { ...kinship, hasLeaderExited: true, knownKeys: new Set(['100:1', '104:7']) })).toEqual(
      [],
    );
    // As long as nobody has the leader's number, its group can only be ours.
    expect(pids(findKin(stranger.slice(1), { ...kinship, hasLeaderExited: true }))).toEqual([101]);
  });

  it('never names this process, though it bears the mark or descends from kin', () => {
    const own = entry(process.pid, { attemptId: 'at_1', parentPid: 100 });
    expect(pids(findKin([entry(100), own], kinship))).toEqual([100]);
  });
});

describe('findLeftBehind', () => {
  const lost = { ...kinship, leaderPid: undefined, hasLeaderExited: true };

  it('finds the whole session of a marked process, also without the mark', () => {
    const entries = [entry(100, { attemptId: 'at_1' }), entry(101, { sessionId: 100 }), entry(102)];
    expect(pids(findLeftBehind(entries, lost))).toEqual([100, 101]);
  });

  it('spares the session of this process and the first one of the machine', () => {
    const entries = [
      entry(process.pid, { sessionId: 50 }),
      entry(50),
      entry(60, { attemptId: 'at_1', sessionId: 50 }),
      entry(61, { attemptId: 'at_1', sessionId: 1 }),
      entry(62, { sessionId: 1 }),
    ];
    expect(pids(findLeftBehind(entries, lost))).toEqual([60, 61]);
  });
});
