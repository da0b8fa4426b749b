// Batch predictions on a real Ray cluster whose nodes share nothing with the server: the bytes are those of the server's own
// machine, for an ONNX model and for one in Python, whatever happens to nodes and server meanwhile.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { predicted } from '../support/batches.ts';
import { openShop, writeShop } from '../support/measured-shop.ts';
import { processesLike, until } from '../support/processes.ts';
import { findClientPython, findRay, runPython } from '../support/python.ts';
import { startRayCluster, type RayCluster, type RayNode } from '../support/ray-cluster.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const POINTS = 1_000_000;
const isBuilt = process.env['TEST_CAPSTAN'] !== undefined;
const script = fileURLToPath(new URL('standalone_model.py', import.meta.url));

describe.runIf(isBuilt)('on Ray', () => {
  let cluster: RayCluster;
  let node: RayNode;
  let server: RunningServer;
  let flags: readonly string[];

  beforeAll(async () => {
    const [folder, python, programs] = await Promise.all([writeShop(POINTS), findClientPython(), findRay()]);
    cluster = await startRayCluster(programs, 0);
    node = await cluster.addNode(2);
    const token = join(emptyFolder(), 'token');
    writeFileSync(token, cluster.token);
    flags = [
      '--check-replies',
      `--serving-python=${python}`,
      '--ray-address',
      cluster.address,
      '--ray-token-file',
      token,
    ];
    server = await startServer(flags);
    await openShop(server.url, folder);
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await cluster?.stop();
  });

  test('a model answers every row as it does here, and it is told where', async () => {
    const sql = 'select id, x, note from input where id < 20000';
    const here = await predicted(server.url, 'plus', '--dataset', 'points', '--sql', sql);
    const there = await predicted(server.url, 'plus', '--dataset', 'points', '--sql', sql, '--executor', 'ray');
    expect(there).toMatchObject({
      executor: 'ray',
      machine: expect.stringMatching(/^127\.0\.0\.1 \(/),
      rows: here.rows,
    });
    expect(here).toMatchObject({ executor: 'local', machine: null });
    expect(there.result).toMatchObject({ digest: here.result?.digest ?? '' });
    const shown = await capstan(['batch-predictions', 'show', there.id], server.url);
    expect(shown.out).toContain(`20000 of 20000 rows on ray, ${there.machine}`);
  });
});
