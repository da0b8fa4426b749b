// PostgreSQL is stopped, killed and started again under load: callers hear 503 with Retry-After meanwhile, service comes
// back by itself, and nothing that was answered is lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../../support/postgres-server.ts';
import { startServer } from '../../support/server.ts';
import { compare } from './compare.ts';
import { MODEL, createClient, emptyLedger, write } from './workload.ts';

const WRITERS = 6;
const AWAY_MS = 1_500;

test('a database that goes away and comes back', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-away-'));
  let postgres: PostgresServer = await startPostgres(folder, { isDurable: true });
  const server = await startServer(['--no-serving', '--database', postgres.url]);
  const ledger = emptyLedger();
  const ending = new AbortController();
  const client = createClient(() => server.url, ledger, ending.signal);
  await client.call('POST', '/api/2.0/mlflow/registered-models/create', JSON.stringify({ name: MODEL }));
  const writers = Array.from({ length: WRITERS }, (_, index) => write(`w-${index}`, client, ledger, ending.signal));
  const told = (): number => ledger.batches.filter(({ isTold }) => isTold).length;

  for (const end of ['stop', 'kill'] as const) {
    await sleep(1_000);
    await postgres[end]();
    const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_ids: ['0'] }),
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    await sleep(AWAY_MS);
    const before = told();
    postgres = await startPostgres(folder, { port: postgres.port, isDurable: true });
    await expect.poll(told, { timeout: 5_000 }).toBeGreaterThan(before);
  }

  ending.abort();
  await Promise.all(writers);
  expect(await compare(server.url, ledger)).toEqual([]);
  expect(told()).toBeGreaterThan(5);
  await server.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(server.data, { recursive: true, force: true });
});
