// A real Capstan that serves ONNX models, as clients of the data plane meet it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capstan, startServer, type RunningServer } from './server.ts';

const models = fileURLToPath(new URL('models', import.meta.url));
const golden = fileURLToPath(
  new URL('../../packages/capstan/src/adapters/runtime-onnx/golden/columns.onnx', import.meta.url),
);

/**
 * Models by the name of their deployment. `every-datatype` answers `out_T` with `in_T` for each datatype T but FP16,
 * `half-floats` does for FP16, `one-float` for FP32, two values a row; `columns` is a classifier of text and numbers.
 * Made by models/generate.py.
 */
export const MODELS = {
  'every-datatype': join(models, 'every-datatype.onnx'),
  'half-floats': join(models, 'half-floats.onnx'),
  'one-float': join(models, 'one-float.onnx'),
  columns: golden,
} as const;

export interface ServedModels extends RunningServer {
  /** `host:port` of the data plane, as tritonclient wants it. */
  readonly servingAddress: string;
}

/** Starts `capstan up`, registers the models as `mlflow.onnx.log_model` does, and deploys each: revision 1 answers. */
export async function serveModels(
  wanted: Readonly<Record<string, string>> = MODELS,
  flags: readonly string[] = [],
): Promise<ServedModels> {
  const server = await startServer(['--check-replies', ...flags]);
  try {
    for (const [name, file] of Object.entries(wanted)) {
      await registerOnnxFile(server.url, name, file);
      await deploy(server.url, name);
    }
    const synced = await fetch(`${server.servingUrl}/api/v1/serving/sync`, { method: 'POST' });
    if (!synced.ok) throw new Error(await synced.text());
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, servingAddress: new URL(server.servingUrl).host };
}

/** Serves the newest version of a model, at once; again for one more revision. */
export async function deploy(url: string, name: string): Promise<void> {
  const { code, out, err } = await capstan(['deploy', name, '--no-guards', '--wait'], url);
  if (code !== 0) throw new Error(`capstan deploy ${name} ended with ${code}: ${err}${out}`);
}

/** Registers a model file by MLflow's API. Returns its version. */
export async function registerOnnxFile(url: string, name: string, file: string): Promise<number> {
  return await registerModel(url, name, {
    'model.onnx': readFileSync(file),
    MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n',
  });
}

/** Registers a model folder by MLflow's API. Returns its version. */
export async function registerModel(
  url: string,
  name: string,
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
): Promise<number> {
  const { run } = (await mlflow(url, 'runs/create', { experiment_id: '0', run_name: name })) as {
    run: { info: { run_id: string } };
  };
  const id = run.info.run_id;
  for (const [path, body] of Object.entries(files)) {
    const place = `${url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/model/${path}`;
    const stored = await fetch(place, { method: 'PUT', body });
    if (!stored.ok) throw new Error(await stored.text());
  }
  await mlflow(url, 'registered-models/create', { name }).catch(() => {});
  const source = { name, source: `runs:/${id}/model`, run_id: id };
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
