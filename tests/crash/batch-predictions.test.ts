// Batch predictions outlive kills of their process and of the server: no row is lost or answered twice, and the result has
// the bytes that it has without a kill. A cancel leaves nothing.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@capstan/client';
import { beforeAll, expect, inject, test } from 'vitest';
import { hasEnded, resultOf, startBatch, untilBatch } from '../support/batches.ts';
import { openShop, writeShop } from '../support/measured-shop.ts';
import { emptyPostgres } from '../support/postgres.ts';
import { killFound, processesLike } from '../support/processes.ts';
import { startServer } from '../support/server.ts';

const POINTS = 4_000_000;
let folder: string;

beforeAll(async () => {
  folder = await writeShop(POINTS);
});

/** With this as the last word of their command line. */
const processesOf = (folder: string): number[] => processesLike(`${folder}\u0000`);

const databases = ['sqlite', 'postgres'] as const;

test.each(databases)('%s: kills of the process and of the server cost no row and add none', async (kind) => {
  const database = kind === 'sqlite' ? undefined : emptyPostgres(inject('postgresUrl'));
  const flags = database === undefined ? [] : ['--database', database.url];
  let server = await startServer(flags);
  const { data } = server;
  try {
    await openShop(server.url, folder);
    const whole = await startBatch(server.url);
    expect(await untilBatch(server.url, whole, hasEnded)).toMatchObject({ state: 'succeeded', reason: null });
    const expected = await resultOf(server.url, whole);

    const id = await startBatch(server.url);
    const work = join(data, 'batch-predictions', id);
    await untilBatch(server.url, id, ({ rows }) => rows.done > 100_000);
    const [first] = processesOf(work);
    killFound(first);
    await untilBatch(server.url, id, ({ rows }) => rows.done > 400_000);
    await server.kill();
    // It goes on without its server, and is ended by the next one, which goes on behind what it has done.
    const parts = readdirSync(join(work, 'parts')).length;
    expect(parts).toBeGreaterThan(1);
    server = await startServer(flags, data);
    const ended = await untilBatch(server.url, id, hasEnded);
    expect(ended).toMatchObject({ state: 'succeeded', rows: { total: POINTS, done: POINTS, failed: 0 } });
    expect(await resultOf(server.url, id)).toBe(expected);
    await expect.poll(() => existsSync(work), { timeout: 20_000 }).toBe(false);
    expect(processesOf(work)).toEqual([]);
  } finally {
    await server.stop();
    database?.remove();
  }
});

test('a cancel ends the process and leaves nothing', async () => {
  const server = await startServer();
  try {
    await openShop(server.url, folder);
    const client = createClient({ baseUrl: server.url });
    const id = await startBatch(server.url);
    const work = join(server.data, 'batch-predictions', id);
    await untilBatch(server.url, id, ({ rows }) => rows.done > 0);
    await client.batchPredictions.cancel({ params: { batchPrediction: id } });
    expect(await untilBatch(server.url, id, hasEnded)).toMatchObject({
      state: 'cancelled',
      result: null,
      output: null,
    });
    await expect.poll(() => existsSync(work), { timeout: 20_000 }).toBe(false);
    expect(processesOf(work)).toEqual([]);
    await client.batchPredictions.cancel({ params: { batchPrediction: id } });
  } finally {
    await server.stop();
  }
});
