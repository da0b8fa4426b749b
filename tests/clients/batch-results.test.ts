// Results of batch predictions that became no dataset version are let go of in their time; those that did stay.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@capstan/client';
import { expect, test } from 'vitest';
import { databases, emptyDatabase } from '../support/databases.ts';
import { registerPlus, registerShop, writeShop } from '../support/measured-shop.ts';
import { capstan, emptyFolder, startServer } from '../support/server.ts';

const DAY_MS = 86_400_000;

test.each(databases)('on %s: a month after its end, unless it is a dataset version', async (name) => {
  const database = emptyDatabase(name);
  const grace = ['--blob-grace', '0s'];
  const server = await startServer([
    '--no-serving',
    '--slurm',
    '--clock',
    'simulated',
    '--check-replies',
    ...grace,
    ...database.flags,
  ]);
  const client = createClient({ baseUrl: server.url });
  const predict = async (...args: string[]) => {
    const words = ['predict', '--model', 'plus', '--dataset', 'points', ...args, '--wait', '--json'];
    const { code, out, err } = await capstan(words, server.url);
    expect(code, err).toBe(0);
    const { id } = JSON.parse(out) as { id: string };
    return await view(id);
  };
  const to = async (now: number) => void (await client.system.advanceClock({ body: { to: now } }));
  const view = (id: string) => client.batchPredictions.get({ params: { batchPrediction: id } });
  try {
    await registerShop(server.url, await writeShop(10));
    await registerPlus(server.url, 'plus-one');
    const lone = await predict('--sql', 'select id, x from input');
    const kept = await predict('--to', 'answers');
    const endedAt = lone.endedAt ?? 0;
    expect(lone.result).toMatchObject({ keptUntil: endedAt + 30 * DAY_MS });
    expect(kept.result).toMatchObject({ keptUntil: null });
    const asked = ['predict', '--model', 'plus', '--dataset', 'points', '--executor', 'slurm', '--cpus', '2'];
    const failed = await capstan([...asked, '--wait', '--json'], server.url);
    expect([failed.code, JSON.parse(failed.out)]).toEqual([
      1,
      expect.objectContaining({ state: 'failed', executor: 'slurm', resources: { cpus: 2 }, machine: null }),
    ]);

    const isStored = (digest = '') =>
      readdirSync(server.data, { recursive: true, encoding: 'utf8' }).some((path) =>
        path.includes(digest.replace('sha256:', '').slice(-60)),
      );
    expect([lone, kept].map(({ result }) => isStored(result?.digest))).toEqual([true, true]);

    await to(endedAt + 29 * DAY_MS);
    await client.system.status({ query: { waitMs: 20_000 } });
    expect((await view(lone.id)).result).toEqual(lone.result);
    await to(endedAt + 32 * DAY_MS);
    await expect.poll(async () => (await view(lone.id)).result, { timeout: 20_000 }).toBeNull();
    expect(await view(lone.id)).toEqual({ ...lone, result: null });
    expect(await view(kept.id)).toEqual(kept);

    const place = join(emptyFolder(), 'lone.parquet');
    const shown = await capstan(['batch-predictions', 'show', lone.id, '--to', place], server.url);
    expect([shown.code, shown.err]).toEqual([5, expect.stringContaining('is no longer kept')]);
    expect(existsSync(place)).toBe(false);
    expect((await capstan(['batch-predictions', 'show', lone.id], server.url)).out).toContain('no longer kept');
    expect((await capstan(['gc'], server.url)).code).toBe(0);
    expect([lone, kept].map(({ result }) => isStored(result?.digest))).toEqual([false, true]);
    expect((await capstan(['batch-predictions', 'show', kept.id, '--to', place], server.url)).code).toBe(0);
  } finally {
    await server.stop();
    rmSync(server.data, { recursive: true, force: true });
    database.remove();
  }
});
