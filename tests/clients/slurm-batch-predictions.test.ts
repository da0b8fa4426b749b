// Batch predictions as jobs of a real Slurm cluster that sees the server's data folder: the bytes are those of the server's own
// machine, whatever happens to node and server meanwhile. Skipped where there is no Slurm.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureSlurm } from '../../tools/tasks/ensure-slurm.ts';
import { hasEnded, predicted, resultOf, startBatch, untilBatch } from '../support/batches.ts';
import { openShop, writeShop } from '../support/measured-shop.ts';
import { processesIn, until } from '../support/processes.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';

const POINTS = 3_000_000;
const isBuilt = process.env['TEST_CAPSTAN'] !== undefined;
const found = await ensureSlurm().then(
  (root) => ({ root, lacks: undefined }),
  (error: unknown) => ({ root: '', lacks: error instanceof Error ? error.message : String(error) }),
);

describe.skipIf(found.lacks ?? !isBuilt)(`on Slurm${found.lacks ? `: skipped, ${found.lacks}` : ''}`, () => {
  let cluster: SlurmCluster;
  let server: RunningServer;

  const start = (data?: string): Promise<RunningServer> =>
    startServer(['--check-replies', '--slurm'], data, {
      through: ['env', ...Object.entries(cluster.environment).map(([name, value]) => `${name}=${value}`)],
    });
  const workers = (): number[] => processesIn(join(server.data, 'batch-predictions'), 'batch-worker');

  beforeAll(async () => {
    cluster = await startSlurmCluster(found.root);
    server = await start(emptyFolder());
    await openShop(server.url, await writeShop(POINTS));
  });
  afterAll(async () => {
    await server?.stop();
    await cluster?.stop();
    if (server) rmSync(server.data, { recursive: true, force: true });
  });

  test('a model answers every row as it does here, and it is told where', async () => {
    const asked = ['plus', '--dataset', 'points', '--sql', 'select id, x from input where id < 20000'];
    const here = await predicted(server.url, ...asked);
    const there = await predicted(server.url, ...asked, '--executor', 'slurm', '--cpus', '2', '--memory', '1GiB');
    const resources = { cpus: 2, memoryBytes: 2 ** 30 };
    expect(there).toMatchObject({ executor: 'slurm', machine: cluster.node, resources, rows: { done: 20_000 } });
    expect(there.result?.digest).toBe(here.result?.digest ?? '');
  });

  test('the program that goes along holds nothing of the server, and is there once', () => {
    const [only = '', ...others] = readdirSync(join(server.data, 'programs'));
    const packages = readdirSync(join(server.data, 'programs', only, 'node_modules'));
    expect([others, packages.filter((name) => ['pg', 'fastify', '@aws-sdk'].includes(name))]).toEqual([[], []]);
  });

  test('what no node has fails it with the words of Slurm; this machine is asked for nothing', async () => {
    const asked = ['predict', 'plus', '--dataset', 'points', '--wait', '--memory', '1TiB'];
    const { code, out } = await capstan([...asked, '--executor', 'slurm'], server.url);
    expect([code, out]).toEqual([1, expect.stringMatching(/Slurm does not take the job: .*(memory|configuration)/i)]);
    const here = await capstan(asked, server.url);
    expect([here.code, here.err]).toEqual([2, expect.stringContaining('asked of another executor than local')]);
  });

  test('a server that is killed goes on behind what was answered; a node that goes costs no row', async () => {
    const whole = await startBatch(server.url);
    await untilBatch(server.url, whole, hasEnded);
    const id = await startBatch(server.url, { executor: 'slurm' });
    const parts = join(server.data, 'batch-predictions', id, 'parts');
    await until(() => existsSync(parts) && readdirSync(parts).length > 2);
    await server.kill();
    const [first = ''] = readdirSync(parts).toSorted();
    const before = statSync(join(parts, first)).ino;
    const [left] = workers();
    server = await start(server.data);
    await untilBatch(server.url, id, () => workers().some((pid) => pid !== left));
    expect(workers()).not.toContain(left);
    expect(statSync(join(parts, first)).ino).toBe(before);
    await cluster.killNodeDaemon();
    await until(() => cluster.ask('sinfo', '--noheader', '--format=%T').trim() !== 'mixed');
    await cluster.startNode();
    const ended = await untilBatch(server.url, id, hasEnded);
    expect(ended).toMatchObject({ state: 'succeeded', rows: { total: POINTS, done: POINTS, failed: 0 } });
    expect(await resultOf(server.url, id)).toBe(await resultOf(server.url, whole));
    await until(() => workers().length === 0 && !existsSync(parts));
  }, 120_000);
});
