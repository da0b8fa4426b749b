// Batch predictions outlive kills of their process and of the server: no row is lost or answered twice, and the result has
// the bytes that it has without a kill. A cancel leaves nothing.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@capstan/client';
import { beforeAll, expect, inject, test } from 'vitest';
import { openShop, writeShop } from '../support/measured-shop.ts';
import { emptyPostgres } from '../support/postgres.ts';
import { startServer, type RunningServer } from '../support/server.ts';

const POINTS = 1_000_000;
let folder: string;

beforeAll(async () => {
  folder = await writeShop(POINTS);
});

type Batch = Awaited<ReturnType<Client['batchPredictions']['get']>>;

const clientOf = (server: RunningServer): Client => createClient({ baseUrl: server.url });

async function start(client: Client): Promise<string> {
  const { items } = await client.datasets.versions({ params: { project: 'measured', dataset: 'points' }, query: {} });
  const { id } = await client.batchPredictions.start({ body: { deployment: 'plus', input: items[0]?.id ?? '' } });
  return id;
}

async function until(client: Client, id: string, isSo: (batch: Batch) => boolean): Promise<Batch> {
  for (;;) {
    const batch = await client.batchPredictions.get({ params: { batchPrediction: id } });
    if (isSo(batch)) return batch;
    if (batch.endedAt !== null) throw new Error(`it is ${batch.state} already: ${batch.reason}`);
    await sleep(20);
  }
}

const hasEnded = ({ endedAt }: Batch): boolean => endedAt !== null;

/** Processes that have this text in their command line. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(text);
      } catch {
        return false;
      }
    });
}

async function resultOf(server: RunningServer, id: string): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/batch-predictions/${id}/result`);
  return createHash('sha256')
    .update(new Uint8Array(await response.arrayBuffer()))
    .digest('hex');
}

const databases = ['sqlite', 'postgres'] as const;

test.each(databases)('%s: kills of the process and of the server cost no row and add none', async (kind) => {
  const database = kind === 'sqlite' ? undefined : emptyPostgres(inject('postgresUrl'));
  const flags = database === undefined ? [] : ['--database', database.url];
  let server = await startServer(flags);
  const { data } = server;
  try {
    await openShop(server.url, folder);
    const whole = await start(clientOf(server));
    expect(await until(clientOf(server), whole, hasEnded)).toMatchObject({ state: 'succeeded', reason: null });
    const expected = await resultOf(server, whole);

    const id = await start(clientOf(server));
    const work = join(data, 'batch-predictions', id);
    await until(clientOf(server), id, ({ rows }) => rows.done > 100_000);
    const [first] = processesWith(work);
    process.kill(first ?? 0, 'SIGKILL');
    await until(clientOf(server), id, ({ rows }) => rows.done > 400_000);
    await server.kill();
    // It goes on without its server, and is ended by the next one, which goes on behind what it has done.
    const parts = readdirSync(join(work, 'parts')).length;
    expect(parts).toBeGreaterThan(1);
    server = await startServer(flags, data);
    const ended = await until(clientOf(server), id, hasEnded);
    expect(ended).toMatchObject({ state: 'succeeded', rows: { total: POINTS, done: POINTS, failed: 0 } });
    expect(await resultOf(server, id)).toBe(expected);
    await expect.poll(() => existsSync(work), { timeout: 20_000 }).toBe(false);
    expect(processesWith(work)).toEqual([]);
  } finally {
    await server.stop();
    database?.remove();
  }
});

test('a cancel ends the process and leaves nothing', async () => {
  const server = await startServer();
  try {
    await openShop(server.url, folder);
    const client = clientOf(server);
    const id = await start(client);
    const work = join(server.data, 'batch-predictions', id);
    await until(client, id, ({ rows }) => rows.done > 0);
    await client.batchPredictions.cancel({ params: { batchPrediction: id } });
    expect(await until(client, id, hasEnded)).toMatchObject({ state: 'cancelled', result: null, output: null });
    await expect.poll(() => existsSync(work), { timeout: 20_000 }).toBe(false);
    expect(processesWith(work)).toEqual([]);
    await client.batchPredictions.cancel({ params: { batchPrediction: id } });
  } finally {
    await server.stop();
  }
});
