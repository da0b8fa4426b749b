// A cut of examples/flight-delays that needs no packages: one month, features that the small golden model takes, and a
// stage in plain Python. Everything else is the example's own.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@capstan/client';
import { createAnalyticsDuckdb } from '../../packages/capstan/src/adapters/analytics-duckdb/index.ts';
import { emptyFolder } from './server.ts';

const example = fileURLToPath(new URL('../../examples/flight-delays', import.meta.url));
const golden = new URL('../../packages/capstan/src/adapters/runtime-onnx/golden/columns.onnx', import.meta.url);

export const PROJECT = 'flight-delays';
export const MODEL = 'late-arrival';

/** Inputs: carrier, origin (text), distance, hour (FP32), one value a row each. */
export function smallModel(): Buffer {
  return readFileSync(golden);
}

/** The same with an input that no caller and no feature has. Names of one length, since protobuf counts bytes. */
export function modelWithWrongInput(): Buffer {
  return Buffer.from(smallModel().toString('latin1').replaceAll('distance', 'distanse'), 'latin1');
}

const FEATURES = `
select concat_ws('-', carrier, flight, origin, strftime(make_timestamp(epoch_us(time_hour)), '%Y%m%dT%H')) as example_id,
       make_timestamp(epoch_us(time_hour)) + to_minutes(minute) as event_time,
       carrier, origin, cast(distance as float) as distance, cast(hour as float) as hour,
       case when arr_delay is not null then cast(arr_delay >= 15 as integer) end as late
  from flights where dep_time is not null
`;

const PIPELINE = `stages:
  count:
    cmd: python3 stage.py
    deps: [stage.py, data/flights]
    outs: [work/count.json]
`;

/** A row as callers send it. */
export const FLIGHT = {
  example_id: 'UA-1-EWR-20130201T10',
  event_time: '2013-02-01T10:15:00Z',
  carrier: 'UA',
  origin: 'EWR',
  distance: 1400,
  hour: 5,
};

/** What the stage does when nothing is wrong. */
export const GOOD_STAGE = `import json, os
os.makedirs("work", exist_ok=True)
with open("work/count.json", "w") as out:
    json.dump({"files": len(os.listdir("data/flights"))}, out)
`;

/** Lays the cut out in a new folder and returns it. */
export function smallFlights(): string {
  const folder = join(emptyFolder(), PROJECT);
  const files = [
    'data/airlines.csv',
    'data/flights/2013-01.parquet',
    'expectations/flights.yaml',
    'features/carrier-lateness.sql',
  ];
  for (const file of files) cpSync(join(example, file), join(folder, file));
  mkdirSync(join(folder, 'data/feedback'));
  const declaration = readFileSync(join(example, 'capstan.yaml'), 'utf8').replaceAll(
    /^ {2}(weather|planes): .*\n/gm,
    '',
  );
  writeFileSync(join(folder, 'capstan.yaml'), declaration);
  writeFileSync(join(folder, 'features.sql'), FEATURES);
  writeFileSync(join(folder, 'dvc.yaml'), PIPELINE);
  writeFileSync(join(folder, 'stage.py'), GOOD_STAGE);
  return folder;
}

/** Writes a month: January with these columns of a select. */
export async function writeMonth(path: string, columns: string): Promise<void> {
  const analytics = createAnalyticsDuckdb({ temporaryFolder: emptyFolder() });
  const january = join(example, 'data/flights/2013-01.parquet');
  const tables = { flights: [{ path: january, format: 'parquet' as const, label: 'January' }] };
  await analytics.write({ tables, sql: `select ${columns} from flights` }, { path, format: 'parquet' });
}

/** Registers a model file by MLflow's API, as `mlflow.onnx.log_model` does. Returns its version. */
export async function registerModel(url: string, model: Buffer): Promise<number> {
  const { run } = (await mlflow(url, 'runs/create', { experiment_id: '0', run_name: MODEL })) as {
    run: { info: { run_id: string } };
  };
  const id = run.info.run_id;
  const files = { 'model.onnx': new Uint8Array(model), MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n' };
  for (const [name, body] of Object.entries(files)) {
    const place = `${url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/model/${name}`;
    const stored = await fetch(place, { method: 'PUT', body });
    if (!stored.ok) throw new Error(await stored.text());
  }
  await mlflow(url, 'registered-models/create', { name: MODEL }).catch(() => {});
  const source = { name: MODEL, source: `runs:/${id}/model`, run_id: id };
  const { model_version: made } = (await mlflow(url, 'model-versions/create', source)) as {
    model_version: { version: string };
  };
  return Number(made.version);
}

async function mlflow(url: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return await response.json();
}

/** What a bad input must not change: accepted data, who answers, aliases, and what is counted. */
export async function stateOf(client: Client): Promise<unknown> {
  const { items: datasets } = await client.datasets.list({ params: { project: PROJECT } });
  const { champion, rollout, breaker } = await client.deployments.get({ params: { deployment: MODEL } });
  const { items: rollouts } = await client.deployments.rollouts({ params: { deployment: MODEL } });
  const { aliases } = await client.registry.getModel({ params: { model: MODEL } });
  const answered = await client.predictions.performance({ params: { deployment: MODEL }, query: {} });
  const accepted = datasets.map(({ name, accepted: version }) => ({ name, version }));
  return { accepted, champion, rollout, rollouts: rollouts.length, breaker, aliases, answered };
}
