// ONNX models as they are logged by mlflow and asked by pandas and tritonclient: Parquet bodies, tensors without rows,
// weights in a file beside the model.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openShop, rowsIn, writeShop } from '../support/measured-shop.ts';
import { findClientPython, runPython } from '../support/python.ts';
import { deploy } from '../support/served-models.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';
import { startAlone, type StartedAlone } from '../support/standalone.ts';

const script = fileURLToPath(new URL('onnx_bodies.py', import.meta.url));

const PARQUET = 'application/vnd.apache.parquet';
const isBuilt = process.env['TEST_CAPSTAN'] !== undefined;
let server: RunningServer;
let python: string;

beforeAll(async () => {
  python = await findClientPython();
  server = await startServer();
}, 120_000);

afterAll(() => server.stop());

async function run(...args: string[]): Promise<string> {
  const env = { MLFLOW_TRACKING_URI: server.url };
  const { code, out, err } = await runPython(python, [script, ...args], { folder: emptyFolder(), env });
  expect(code, err).toBe(0);
  return out.trim().split('\n').at(-1) ?? '';
}

async function query(deployment: string, sql: string): Promise<unknown> {
  await fetch(`${server.servingUrl}/api/v1/serving/flush`, { method: 'POST' });
  const response = await fetch(`${server.url}/api/v1/predictions/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ deployment, sql }),
  });
  return ((await response.json()) as { rows?: unknown }).rows;
}

/** A batch prediction has the weights too: its rows are answered as the data plane answers them. */
async function sameInBatch(deployment: string): Promise<void> {
  await openShop(server.url, await writeShop(5));
  const file = join(emptyFolder(), 'answers.parquet');
  const sql = 'select id, x as X_0, x / 3 as X_1, -x as X_2, 1 as X_3 from input';
  const asked = ['predict', deployment, '--dataset', 'points', '--sql', sql, '--keep', 'all', '--to', file, '--wait'];
  const { code, err } = await capstan(asked, server.url);
  expect(code, err).toBe(0);
  const rows = await rowsIn(file, 'select * from t order by id');
  const body = { dataframe_split: { data: rows.map((row) => [0, 1, 2, 3].map((place) => row[`X_${place}`])) } };
  const response = await fetch(`${server.servingUrl}/models/${deployment}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { predictions } = (await response.json()) as { predictions: { scores: number[][] } };
  const scores = rows.map((row) => row['output_scores']);
  expect(scores).toHaveLength(5);
  expect(scores).toEqual(predictions.scores);
}

/** A model of scalars is asked row by row: of a dataset by a job of its own, of a file by the data plane, which logs each. */
async function rowByRow(): Promise<void> {
  const folder = emptyFolder();
  const numbered = 'select id, x as factor, 1 as vector_0, id as vector_1, 3 as vector_2 from input';
  const dataset = ['--dataset', 'points', '--sql', numbered, '--to', join(folder, 'job.parquet'), '--wait'];
  await done('predict', 'scaled', ...dataset, '--keep', 'id');
  const count = async (): Promise<number> => {
    const known = JSON.parse(await done('batch-predictions', 'list', '--json')) as { batchPredictions: unknown[] };
    return known.batchPredictions.length;
  };
  const before = await count();
  const few = 'select id, x as factor, 1 as vector_0, 3 as vector_2 from input';
  const refused = await capstan(['predict', 'scaled', '--dataset', 'points', '--sql', few], server.url);
  expect(refused.err).toContain("The rows have no column 'vector_1', which the model takes");
  expect([refused.code === 0, await count()]).toEqual([false, before]);
  const listed = 'select id, x as factor, [1, id, 3]::float[] as vector from input';
  writeFileSync(join(folder, 'rows.csv'), `id,x\n${[0, 1, 2, 3, 4].map((id) => `${id},${id + 0.5}`).join('\n')}\n`);
  const files = ['--input', join(folder, 'rows.csv'), '--output', join(folder, 'plane.parquet')];
  await done('predict', 'scaled', ...files, '--sql', listed, '--keep', 'id');
  const [job = [], plane = []] = await Promise.all(
    ['job', 'plane'].map((name) => rowsIn(join(folder, `${name}.parquet`), 'select * from t order by id')),
  );
  const expected = [0, 1, 2, 3, 4].map((id) => {
    const scaled = [1, id, 3].map((value) => value * (id + 0.5));
    return { id, output_scaled: scaled, output_total: scaled.reduce((sum, value) => sum + value) };
  });
  for (const rows of [job, plane]) expect(rows).toEqual(expected.map((row) => expect.objectContaining(row)));
  const logged = `select example_id as id, output_total as total from predictions where example_id in
                  (${plane.map((row) => `'${String(row['prediction_id'])}'`).join(', ')})`;
  const totals = plane.map((row) => ({ id: row['prediction_id'], total: row['output_total'] }));
  await expect
    .poll(async () => new Set((await query('scaled', logged)) as object[]), { timeout: 30_000 })
    .toEqual(new Set(totals));
}

test('every body gives the same answers, and files outside of a model are refused', async () => {
  await run('log', emptyFolder());
  for (const name of ['flights', 'iris', 'scaled']) await deploy(server.url, name);
  for (const version of ['1', '2']) {
    const { code, err } = await capstan(
      ['deploy', 'network', '--version', version, '--name', `network-${version}`, '--wait'],
      server.url,
    );
    expect(code, err).toBe(0);
  }
  const status = await fetch(`${server.servingUrl}/api/v1/serving/status`);
  const { grpcAddress } = (await status.json()) as { grpcAddress: string };
  expect(await run('ask', new URL(server.servingUrl).host, grpcAddress)).toBe('done');

  const sql = `select distinct count(*) over (partition by request_id) as rows, input_factor as factor, input_vector as vector,
                 output_total as total from predictions`;
  await expect
    .poll(() => query('scaled', sql), { timeout: 30_000 })
    .toEqual([{ rows: 1, factor: 2.5, vector: [1, 2, 3], total: 15 }]);

  await sameInBatch('network-1');
  await rowByRow();

  for (const [name, says] of [
    ['absolute', "in '/etc/passwd', which is none of its files"],
    ['upwards', "in '../../../../../../etc/passwd', which is none of its files"],
    ['other-file', "in 'MLmodel' from 0 to 3200, which has"],
  ] as const) {
    const { code, err, out } = await capstan(['deploy', name, '--wait'], server.url);
    expect({ name, code, text: err + out }).toEqual({ name, code: 10, text: expect.stringContaining(says) });
  }
}, 240_000);

test.runIf(isBuilt)(
  'a built folder has the weights; it reads no Parquet, and says which option does',
  async () => {
    const folder = join(emptyFolder(), 'built');
    expect(await done('build', 'network-1', '--output', folder)).toContain('network/1');
    const alone = await startedIn(folder);
    try {
      const json = JSON.stringify({ inputs: [[5.1, 3.5, 1.4, 0.2]] });
      const [here, there] = await Promise.all(
        [server.servingUrl, alone.url].map((at) => invoke(at, 'network-1', 'application/json', json)),
      );
      expect(there).toMatchObject({ status: 200, said: { predictions: { scores: [{ length: 3 }] } } });
      expect(there).toEqual(here);
      expect(await invoke(alone.url, 'network-1', PARQUET, 'PAR1')).toEqual({
        status: 501,
        said: {
          error_code: 'NOT_IMPLEMENTED',
          message: expect.stringMatching(/not read here.*Send CSV or JSON, or build.* capstan build --with-parquet on/),
        },
      });
    } finally {
      await alone.stop();
    }
  },
  120_000,
);

test.runIf(isBuilt)(
  'a folder that is built with what reads Parquet answers it as the live deployment does',
  async () => {
    const folder = join(emptyFolder(), 'built');
    await done('build', 'flights', '--output', folder, '--with-parquet');
    const written = emptyFolder();
    await run('write', written);
    const platform = `${process.platform}-${process.arch}`;
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`reads Parquet bodies on ${platform}`);
    const { packages } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
      packages: { name: string; license: string }[];
    };
    expect(packages).toContainEqual(
      expect.objectContaining({ name: `@duckdb/node-bindings-${platform}`, license: 'MIT' }),
    );
    const alone = await startedIn(folder);
    try {
      const parquet = readFileSync(join(written, 'flights.parquet'));
      const json = readFileSync(join(written, 'flights.json'), 'utf8');
      const here = await invoke(server.servingUrl, 'flights', PARQUET, parquet);
      expect(here).toMatchObject({ status: 200, said: { predictions: { output_label: { length: 300 } } } });
      expect(await invoke(alone.url, 'flights', PARQUET, parquet)).toEqual(here);
      expect(await invoke(alone.url, 'flights', 'application/json', json)).toEqual(here);
      const cut = await invoke(alone.url, 'flights', PARQUET, parquet.subarray(0, 500));
      expect(cut).toMatchObject({ status: 400, said: { error_code: 'BAD_REQUEST' } });
    } finally {
      await alone.stop();
    }
  },
  120_000,
);

async function done(...args: string[]): Promise<string> {
  const { code, out, err } = await capstan(args, server.url);
  expect(code, `${args.join(' ')}: ${err}${out}`).toBe(0);
  return out;
}

/** A built folder with nothing around it: no environment, no packages, a user without rights. Resolves when it answers. */
async function startedIn(folder: string): Promise<StartedAlone> {
  const place = emptyFolder();
  const [moved, data] = [join(place, 'moved'), join(place, 'data')];
  renameSync(folder, moved);
  mkdirSync(data);
  execFileSync('chmod', ['a+rwX', place, data]);
  execFileSync('chmod', ['-R', 'a+rX', moved]);
  const alone = await startAlone(moved, data);
  await expect.poll(async () => (await fetch(`${alone.url}/v2/health/ready`)).status, { timeout: 30_000 }).toBe(200);
  return alone;
}

async function invoke(
  url: string,
  deployment: string,
  type: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; said: unknown }> {
  const address = `${url}/models/${deployment}/invocations`;
  const response = await fetch(address, { method: 'POST', headers: { 'content-type': type }, body });
  return { status: response.status, said: await response.json() };
}
