// Batch predictions on a real Ray cluster whose nodes share nothing with the server: the bytes are those of the server's own
// machine, for an ONNX model and for one in Python, whatever happens to nodes and server meanwhile.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEnded, predicted, resultOf, startBatch, untilBatch } from '../support/batches.ts';
import { openShop, writeShop } from '../support/measured-shop.ts';
import { filesOf, processesIn, until } from '../support/processes.ts';
import { findClientPython, findRay, runPython } from '../support/python.ts';
import { startRayCluster, type RayCluster, type RayNode } from '../support/ray-cluster.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const POINTS = 3_000_000;
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
    if (server) rmSync(server.data, { recursive: true, force: true });
  });

  test('a model answers every row as it does here, and it is told where', async () => {
    const sql = 'select id, x, note from input where id < 20000';
    const here = await predicted(server.url, 'plus', '--dataset', 'points', '--sql', sql);
    const there = await predicted(server.url, 'plus', '--dataset', 'points', '--sql', sql, '--executor', 'ray');
    expect(there).toMatchObject({
      executor: 'ray',
      machine: expect.stringMatching(/^[\d.]+ \(/),
      rows: here.rows,
    });
    expect(here).toMatchObject({ executor: 'local', machine: null });
    expect(there.result).toMatchObject({ digest: here.result?.digest ?? '' });
    const shown = await capstan(['batch-predictions', 'show', there.id], server.url);
    expect(shown.out).toContain(`20000 of 20000 rows on ray, ${there.machine}`);
  });

  test('a row that the model does not take fails it with its number, and an unknown executor is refused', async () => {
    const notes = ['predict', 'plus', '--dataset', 'notes', '--executor', 'ray', '--json', '--wait'];
    const { code, out } = await capstan(notes, server.url);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ state: 'failed', failedAt: { row: 42, column: 'x' }, executor: 'ray' });
    const unknown = await capstan(['predict', 'plus', '--dataset', 'points', '--executor', 'rya'], server.url);
    expect(unknown).toMatchObject({
      code: 2,
      err: expect.stringContaining("no executor 'rya', which the request names"),
    });
    expect(unknown.err).toContain('Did you mean ray? There is local, ray.');
  });

  test('a model in Python answers as it does here', async () => {
    const trained = await runPython(await findClientPython(), [script], {
      folder: emptyFolder(),
      env: { MLFLOW_TRACKING_URI: server.url },
    });
    expect(trained.code, trained.err).toBe(0);
    const columns = ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'];
    const inputs = columns
      .map((name, index) => `cast((id * ${index + 3}) % 80 as double) / 10 as "${name}"`)
      .join(', ');
    const sql = `select id, ${inputs} from input where id < 500`;
    const asked = ['--model', 'flowers', '--dataset', 'points', '--sql', sql, '--keep', 'id'];
    const here = await predicted(server.url, ...asked);
    const there = await predicted(server.url, ...asked, '--executor', 'ray');
    expect(there).toMatchObject({ executor: 'ray', rows: { total: 500, done: 500, failed: 0 } });
    expect(there.result?.digest).toBe(here.result?.digest ?? '');
  });

  test('a node that goes, and a server that is killed, cost no row and add none', async () => {
    const whole = await startBatch(server.url);
    await untilBatch(server.url, whole, hasEnded);
    const id = await startBatch(server.url, { executor: 'ray' });
    const [first] = await untilAnswering(id);
    node.kill();
    node = await cluster.addNode(2);
    await untilAnswering(id, first);
    await server.kill();
    server = await startServer(flags, server.data);
    const ended = await untilBatch(server.url, id, hasEnded);
    expect(ended).toMatchObject({ state: 'succeeded', rows: { total: POINTS, done: POINTS, failed: 0 } });
    expect(await resultOf(server.url, id)).toBe(await resultOf(server.url, whole));
    await until(() => workers().length === 0 && !existsSync(join(server.data, 'batch-predictions', id)));
  }, 120_000);

  test('it reads nothing of the server’s, and a cancel ends it there', async () => {
    const id = await startBatch(server.url, { executor: 'ray' });
    const [pid = 0] = await untilAnswering(id);
    const files = filesOf(pid);
    expect(files.filter((file) => file.startsWith(cluster.folder))).toEqual(
      expect.arrayContaining([expect.stringMatching(/program\/node$/), expect.stringMatching(/data\/0\.parquet$/)]),
    );
    // HOME is there too, where onnxruntime keeps something.
    const ofServer = files.filter((file) => file.startsWith(server.data) && !file.includes('/.cache/'));
    expect(ofServer).toEqual([]);
    expect((await capstan(['batch-predictions', 'cancel', id], server.url)).code).toBe(0);
    expect(await untilBatch(server.url, id, hasEnded)).toMatchObject({ state: 'cancelled', result: null });
    await until(() => workers().length === 0);
  });

  const workers = (): number[] => processesIn(cluster.folder, 'batch-worker');

  /** Waits until a process, and another one than that, answers rows. */
  async function untilAnswering(id: string, before = 0): Promise<number[]> {
    const isOther = (pid: number): boolean => pid !== before;
    await untilBatch(server.url, id, ({ rows }) => rows.done > 0 && workers().some(isOther));
    return workers().filter(isOther);
  }
});
