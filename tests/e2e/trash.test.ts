// Delete, restore, purge and gc as people type them, and a purge that kill -9 cuts short.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

let server: RunningServer;
afterEach(() => server.stop());

const NO_GRACE = ['--blob-grace', '0s', '--no-serving'];

async function call(method: string, path: string, body?: object | string): Promise<Response> {
  return await fetch(`${server.url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  });
}

async function mlflow<Reply>(path: string, body: object): Promise<Reply> {
  const response = await call('POST', `/api/2.0/mlflow/${path}`, body);
  expect(response.status, path).toBe(200);
  return (await response.json()) as Reply;
}

async function makeRun(experimentId: string, content: string): Promise<string> {
  const { run } = await mlflow<{ run: { info: { run_id: string } } }>('runs/create', { experiment_id: experimentId });
  const id = run.info.run_id;
  const place = `/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${id}/artifacts/note.txt`;
  expect((await call('PUT', place, content)).status).toBe(200);
  return id;
}

async function logPoints(runId: string, batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const metrics = Array.from({ length: 1_000 }, (_, index) => {
      return { key: `m${batch % 7}`, value: index, timestamp: 1, step: batch * 1_000 + index };
    });
    await mlflow('runs/log-batch', { run_id: runId, metrics });
  }
}

async function blobFiles(): Promise<number> {
  const names = await readdir(join(server.data, 'artifacts'), { recursive: true, withFileTypes: true });
  return names.filter((name) => name.isFile()).length;
}

test('what is deleted comes back, what is purged is gone from the disk, and its name is free', async () => {
  server = await startServer(NO_GRACE);
  const { experiment_id: experiment } = await mlflow<{ experiment_id: string }>('experiments/create', {
    name: 'trial',
  });
  const run = await makeRun(experiment, 'twelve bytes');
  const said = async (...args: string[]) => (await capstan(args, server.url)).out.trim();

  expect(await said('runs', 'delete', run)).toBe('Deleted 1');
  expect(await said('runs', 'restore', run)).toBe('Restored 1');
  expect(await said('experiments', 'delete', 'trial')).toBe('Deleted 1');
  expect(await said('experiments', 'list', '--deleted')).toContain('trial');
  expect(await said('gc')).toBe('Purged 0 experiments, 0 runs, 0 logged models: 0 rows\nFreed 0 bytes in 0 files');
  const dry = await said('gc', '--older-than', '0s', '--dry-run');
  expect(dry).toMatch(/^Would purge 1 experiment, 1 run, 0 logged models: \d+ rows\nWould free 12 bytes in 1 file$/);
  expect(await blobFiles()).toBe(1);
  const report = JSON.parse(await said('experiments', 'purge', 'trial', '--json')) as Record<string, unknown>;
  expect(report).toMatchObject({ schema: 'capstan/purge.v1', experiments: 1, runs: 1, freed: { blobs: 1, bytes: 12 } });
  expect(await blobFiles()).toBe(0);
  const again = await mlflow<{ experiment_id: string }>('experiments/create', { name: 'trial' });
  expect(again.experiment_id).not.toBe(experiment);
  expect(await said('audit', 'verify')).toMatch(/facts/);
});

test('what a model version stands on is refused with code 5, by the name of who holds it', async () => {
  server = await startServer(NO_GRACE);
  const run = await makeRun('0', 'a model');
  await mlflow('registered-models/create', { name: 'late-arrival' });
  await mlflow('model-versions/create', { name: 'late-arrival', source: `runs:/${run}/note.txt`, run_id: run });
  await capstan(['runs', 'delete', run], server.url);
  const refused = await capstan(['runs', 'purge', run], server.url);
  expect([refused.code, refused.out]).toEqual([5, '']);
  expect(refused.err).toContain('is held by model version late-arrival/1');
  const { out } = await capstan(['gc', '--older-than', '0s'], server.url);
  expect(out).toContain(`Kept run ${run}`);
});

test('kill -9 in the middle of a purge: a run is in the trash as it was, or nowhere', async () => {
  const data = emptyFolder();
  let gone = 0;
  for (let round = 0; round < 4; round++) {
    server = await startServer(NO_GRACE, data);
    const run = await makeRun('0', `round ${round}`);
    await logPoints(run, 40);
    await mlflow('runs/delete', { run_id: run });
    const purging = call('POST', '/api/v1/trash/purge', { runs: [run] }).catch(() => undefined);
    // At a random moment, or as soon as nobody sees the run: then its rows are just being removed.
    if (round % 2 === 0) await wait(round * 15);
    else while ((await call('GET', `/api/2.0/mlflow/runs/get?run_id=${run}`)).status === 200) await wait(1);
    await server.kill();
    await purging;

    server = await startServer(NO_GRACE, data);
    const found = await call('GET', `/api/2.0/mlflow/runs/get?run_id=${run}`);
    if (found.status === 200) {
      const history = `/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=m0&max_results=25000`;
      const { metrics } = (await (await call('GET', history)).json()) as { metrics: unknown[] };
      expect(metrics).toHaveLength(6_000);
      expect((await call('GET', `/get-artifact?run_id=${run}&path=note.txt`)).status).toBe(200);
    } else {
      expect(found.status).toBe(404);
      gone += 1;
    }
    expect((await capstan(['gc', '--older-than', '0s'], server.url)).code).toBe(0);
    expect((await call('GET', `/api/2.0/mlflow/runs/get?run_id=${run}`)).status).toBe(404);
    expect(await blobFiles()).toBe(0);
    await server.stop();
  }
  expect(gone).toBeGreaterThan(0);
  server = await startServer(NO_GRACE, data);
});
