// The server is killed at random moments of every write path, and started again on its data: nothing that was answered is
// lost, nothing is torn, nothing is there twice. CRASH_ROUNDS=100 npx vitest run --project alone tests/crash/tracking
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { capstan, emptyFolder, startServer } from '../../support/server.ts';
import { emptyPostgres } from '../../support/postgres.ts';
import { compare } from './compare.ts';
import { MODEL, createClient, emptyLedger, write } from './workload.ts';

const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 6);
const WRITERS = 6;
const LONGEST_ROUND_MS = 1_500;

async function killRounds(flags: readonly string[]): Promise<void> {
  const data = emptyFolder();
  const ledger = emptyLedger();
  let server = await startServer(['--no-serving', ...flags], data);
  await createModel(server.url);
  const told: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ending = new AbortController();
    const client = createClient(() => server.url, ledger, ending.signal);
    const writers = Array.from({ length: WRITERS }, (_, index) =>
      write(`${round}-${index}`, client, ledger, ending.signal),
    );
    await sleep(Math.random() * LONGEST_ROUND_MS);
    await server.kill();
    ending.abort();
    await Promise.all(writers);
    server = await startServer(['--no-serving', ...flags], data);
    told.push(ledger.batches.filter(({ isTold }) => isTold).length);
  }
  expect(await compare(server.url, ledger)).toEqual([]);
  expect((await capstan(['audit', 'verify'], server.url)).code).toBe(0);
  await server.stop();
  rmSync(data, { recursive: true, force: true });
  // Rounds that wrote nothing would prove nothing.
  expect(told.at(-1)).toBeGreaterThan(ROUNDS * 5);
}

async function createModel(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/2.0/mlflow/registered-models/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: MODEL }),
  });
  expect(answer.status).toBe(200);
}

const limit = { timeout: 120_000 + ROUNDS * 20_000 };

test('on SQLite, killed at random', limit, () => killRounds([]));

test('on PostgreSQL, killed at random', limit, async () => {
  const database = emptyPostgres(inject('postgresUrl'));
  await killRounds(['--database', database.url]);
  database.remove();
});
