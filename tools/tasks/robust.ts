import { ensurePostgres } from './ensure-postgres.ts';
import { runPackage, say } from './shell.ts';

const ROUNDS = 100;
const CLIENTS = 1_000;
const SECONDS = 60;
const MUTANTS = 1_000;

/** What CI does shortly, for long: so many kills at random moments (100), a thousand clients for a minute, and a thousand damaged models. */
export async function robust([rounds = String(ROUNDS)]: readonly string[]): Promise<number> {
  if (!/^[1-9]\d*$/.test(rounds)) {
    say('usage: npm run robust -- [ROUNDS]');
    return 2;
  }
  await ensurePostgres();
  const env = {
    CRASH_ROUNDS: rounds,
    MANY_CLIENTS: String(CLIENTS),
    MANY_SECONDS: String(SECONDS),
    ONNX_MUTANTS: String(MUTANTS),
  };
  const args = ['run', '--project', 'system', '--project', 'alone', 'tests/crash'];
  return await runPackage(import.meta.resolve('vitest/package.json'), 'vitest.mjs', args, { env });
}
