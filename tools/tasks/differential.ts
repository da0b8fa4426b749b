import { ensurePostgres } from './ensure-postgres.ts';
import { ensureClientPython } from './ensure-python.ts';
import { runPackage, say } from './shell.ts';

const OPERATIONS = 10_000;

/** Plays that many random calls (10,000) on a real `mlflow server` and on Capstan, from a seed that a failure names. */
export async function differential([operations = String(OPERATIONS), seed]: readonly string[]): Promise<number> {
  if (!/^[1-9]\d*$/.test(operations) || !/^\d*$/.test(seed ?? '')) {
    say('usage: npm run differential -- [OPERATIONS [SEED]]');
    return 2;
  }
  await ensurePostgres();
  const python = process.env['TEST_PYTHON'] ?? (await ensureClientPython());
  const env = {
    DIFFERENTIAL_OPERATIONS: operations,
    ...(seed !== undefined && { DIFFERENTIAL_SEED: seed }),
    ...(python !== null && { TEST_PYTHON: python }),
  };
  const args = ['run', '--project', 'system', 'tests/differential'];
  return await runPackage(import.meta.resolve('vitest/package.json'), 'vitest.mjs', args, { env });
}
