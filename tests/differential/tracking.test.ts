// Random programmes of REST calls, played on a real `mlflow server` and on Capstan (SQLite and PostgreSQL) at once: the
// same answers and the same content, but for what `differences/` declares.
//
// DIFFERENTIAL_OPERATIONS says how many calls (the default is what CI has time for), DIFFERENTIAL_SEED where to begin:
// a failure names both, and the shortest programme that shows it.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findNextClientPython } from '../support/python.ts';
import { programmes } from './generate/index.ts';
import { startPeers, type Peer } from './peers.ts';
import { play } from './play.ts';
import { toJson, type Operation } from './programme.ts';

const OPERATIONS = Number(process.env['DIFFERENTIAL_OPERATIONS'] ?? 600);
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? 20_240_101);
const START_MS = 20 * 60_000;
/** MLflow answers 30 to 100 calls a second; a failure is shrunk in at most `SHRINK_MS`. */
const SHRINK_MS = 120_000;
const PLAY_MS = SHRINK_MS + OPERATIONS * 300;

let peers: readonly Peer[] = [];
let stop = async (): Promise<void> => {};

beforeAll(async () => {
  ({ peers, stop } = await startPeers(await findNextClientPython()));
}, START_MS);

afterAll(() => stop());

test(
  `${OPERATIONS} random calls from seed ${SEED} have the same effect on MLflow and on Capstan`,
  async () => {
    const seen = { operations: 0, readBack: 0, programmes: 0 };
    const declared = new Map<string, number>();
    while (seen.operations < OPERATIONS) {
      const property = fc.asyncProperty(programmes, async (programme) => {
        const outcome = await play(programme, peers);
        seen.operations += outcome.operations;
        seen.readBack += outcome.readBack;
        for (const name of outcome.declared) declared.set(name, (declared.get(name) ?? 0) + 1);
      });
      const seed = SEED + seen.programmes;
      const options = { seed, numRuns: 1, unbiased: true, interruptAfterTimeLimit: SHRINK_MS };
      const checked = await fc.check(property, options);
      if (checked.failed) throw new Error(failure(seed, checked.counterexample?.[0] ?? [], checked.errorInstance));
      seen.programmes += 1;
    }
    process.stderr.write(`${summary(seen, declared)}\n`);
    expect(seen.readBack).toBeGreaterThan(0);
  },
  PLAY_MS,
);

/** The shortest programme that was found to show a difference, a call a line. */
function failure(seed: number, programme: readonly Operation[], error: unknown): string {
  const calls = programme.map(({ call, ...rest }) => `  ${call} ${toJson(rest).slice(0, 400)}`);
  const reason = error instanceof Error ? error.message : String(error);
  return [`DIFFERENTIAL_SEED=${seed} shows an undeclared difference:`, ...calls, reason].join('\n');
}

function summary(seen: Readonly<Record<string, number>>, declared: ReadonlyMap<string, number>): string {
  const lines = [...declared].toSorted((a, b) => b[1] - a[1]).map(([name, count]) => `  ${count} × ${name}`);
  const counts = `${seen['operations']} calls in ${seen['programmes']} programmes and ${seen['readBack']} of reading back`;
  return [`${counts}: no undeclared difference. Declared ones:`, ...lines].join('\n');
}
