// Large files by an unmodified mlflow, and how much memory they take of the server: artifacts_session.py says what it does.
import { expect, test } from 'vitest';
import type { DatabaseName } from '../support/databases.ts';
import { watchPeak } from '../support/memory.ts';
import { describeSession, type Surroundings } from './sessions.ts';

const MOST_OVER_IDLE_BYTES = 100 * 2 ** 20;
/** Sent as one stream. The database holds the names only: beside it, a gibibyte once says all that it can. */
const streamMib = { SQLite: 1_024, PostgreSQL: 64 } as const;
/** From 500 MB on the client sends parts of 10 MiB. */
const PARTS_MIB = 501;

async function watched(database: DatabaseName): Promise<Surroundings & { readonly peak: () => number }> {
  let peak = (): number => 0;
  return {
    flags: ['--no-serving'],
    args: [String(streamMib[database]), String(PARTS_MIB)],
    ready({ pid }) {
      // The kernel's own count of the peak, where there is one.
      if (process.platform === 'linux') peak = watchPeak(pid);
    },
    peak: () => peak(),
  };
}

describeSession(
  'artifacts_session.py',
  ({ database, sawIn, surroundings }) => {
    test('a file as one stream, and one in parts, come back as they were', () => {
      expect(sawIn('stream')).toEqual({ mebibytes: streamMib[database], same: true, parts: 0, ranges: 0 });
      expect(sawIn('parts')).toEqual({ mebibytes: PARTS_MIB, same: true, parts: 51, ranges: 1 });
    });

    test('an empty file comes back; a file in the place of a folder is refused', () => {
      expect(sawIn('small')).toEqual({
        mebibytes: 0,
        same: true,
        parts: 0,
        ranges: 1,
        listed: ['empty', 'one', 'parts'],
        clash: expect.stringContaining('400'),
      });
    });

    test('all of it takes little memory', () => {
      expect(surroundings().peak()).toBeLessThanOrEqual(MOST_OVER_IDLE_BYTES);
    });
  },
  watched,
);
