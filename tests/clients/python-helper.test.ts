// python/tests against a real server with a dataset, a model version and answers of a deployment.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type Client } from '@capstan/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findClientPython, runPython } from '../support/python.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';
import { FLIGHT, MODEL, PROJECT, registerModel, smallFlights, smallModel } from '../support/small-flights.ts';

const helper = fileURLToPath(new URL('../../python', import.meta.url));
const folder = smallFlights();
let server: RunningServer;
let python: string;

beforeAll(async () => {
  python = await findClientPython();
  server = await startServer(['--check-replies']);
  await done('apply', '--file', join(folder, 'capstan.yaml'));
  for (const dataset of ['airlines', 'flights']) await done('datasets', 'register', PROJECT, dataset);
  const version = await registerModel(server.url, smallModel());
  const client = createClient({ baseUrl: server.url });
  await client.registry.setAlias({ params: { model: MODEL, alias: 'champion' }, body: { version } });
  await done('deploy', MODEL, '--no-guards', '--wait');
  await answerThree(client);
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

async function done(...args: string[]): Promise<void> {
  const { code, out, err } = await capstan(args, server.url);
  expect(code, `${args.join(' ')}: ${err}${out}`).toBe(0);
}

/** Returns once the control plane knows of all answers. */
async function answerThree(client: Client): Promise<void> {
  const params = { deployment: MODEL };
  for (const id of ['one', 'two', 'three']) {
    const response = await fetch(`${server.servingUrl}/models/${MODEL}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dataframe_records: [{ ...FLIGHT, example_id: id }] }),
    });
    expect(response.status).toBe(200);
  }
  expect((await fetch(`${server.servingUrl}/api/v1/serving/sync`, { method: 'POST' })).status).toBe(200);
  await vi.waitFor(async () => expect((await client.predictions.list({ params, query: {} })).items).toHaveLength(3), {
    timeout: 30_000,
    interval: 250,
  });
}

const env = () => ({ CAPSTAN_URL: server.url, MLFLOW_TRACKING_URI: server.url, DO_NOT_TRACK: 'true' });

test('datasets, predictions, runs and model versions, with pandas and mlflow beside it', async () => {
  const suite = [
    '-W',
    'error::ResourceWarning',
    '-m',
    'unittest',
    'discover',
    '-s',
    join(helper, 'tests'),
    '-t',
    helper,
  ];
  const { code, err } = await runPython(python, suite, {
    folder: emptyFolder(),
    env: {
      ...env(),
      TEST_PROJECT_FOLDER: folder,
      TEST_BLOBS: join(server.data, 'artifacts', 'sha256'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  expect(code, err).toBe(0);
  expect(err).toMatch(/Ran 1\d tests/);
});

test('nothing but the standard library is needed, and what needs more says so', async () => {
  const script = `
import sys
sys.path.insert(0, ${JSON.stringify(helper)})
import capstan
airlines = capstan.dataset("airlines@1")
print(len(list(airlines.records())) == airlines.rows, len(capstan.predictions("${MODEL}")))
print("<table>" in capstan.model_version("${MODEL}/1")._repr_html_())
for act in (airlines.to_df, airlines.log_input, capstan.predictions("${MODEL}").to_df, lambda: next(capstan.dataset("flights").records())):
    try:
        act()
    except capstan.CapstanError as error:
        print(error.code, error)
`;
  const options = { folder: emptyFolder(), env: { ...env(), PYTHONDONTWRITEBYTECODE: '1' } };
  const { code, out, err } = await runPython(python, ['-S', '-c', script], options);
  expect(code, err).toBe(0);
  expect(out.trim().split('\n')).toEqual([
    'True 3',
    'True',
    'NOT_INSTALLED to_df needs pandas, which is not installed. Install it: pip install pandas',
    'NOT_INSTALLED log_input needs mlflow, which is not installed. Install it: pip install mlflow',
    'NOT_INSTALLED to_df needs pandas, which is not installed. Install it: pip install pandas',
    'NOT_INSTALLED Reading Parquet needs pandas, which is not installed. Install it: pip install pandas',
  ]);
});
