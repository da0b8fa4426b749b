// A run of a checkout whose code logs and registers by the real mlflow: from data to model, on the server.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@capstan/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClientPython } from '../support/python.ts';
import { doneAsAda } from '../support/run-as-ada.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const DECLARATION = `project: shop
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
datasets:
  sales: {path: "data/sales/*.csv"}
pipeline: dvc.yaml
`;
const TRAIN = `import mlflow

class Constant(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [0.5] * len(model_input)

mlflow.set_experiment("by hand")
with mlflow.start_run() as run:
    info = mlflow.pyfunc.log_model(name="model", python_model=Constant(), pip_requirements=[])
    mlflow.register_model(info.model_uri, "constant")
open("model.txt", "w").write(run.info.run_id)
`;

let server: RunningServer;
let python = '';

beforeAll(async () => {
  [server, python] = await Promise.all([startServer(['--no-serving']), findClientPython()]);
}, 600_000);

afterAll(async () => {
  await server.stop();
});

test('a model that code in a stage has registered leads back to the commit and the data of the checkout', async () => {
  const client = createClient({ baseUrl: server.url });
  const root = join(emptyFolder(), 'repository');
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const ours = async (...args: readonly string[]) => {
    const { code, out, err } = await capstan(args, server.url, root);
    expect([code, err]).toEqual([0, expect.any(String)]);
    return out;
  };
  write('capstan.yaml', DECLARATION);
  write('data/sales/1.csv', 'day,amount\n1,1\n');
  write('data/sales/2.csv', 'day,amount\n2,2\n');
  write('train.py', TRAIN);
  const command = `MLFLOW_TRACKING_URI=${server.url} GIT_PYTHON_REFRESH=quiet ${python} train.py`;
  write(
    'dvc.yaml',
    `stages:\n  train:\n    cmd: ${command}\n    deps: [data/sales, train.py]\n    outs: [model.txt]\n`,
  );
  doneAsAda(root, 'git', ['init', '-q', '-b', 'main']);
  await ours('init');
  doneAsAda(root, 'git', ['add', '-A']);
  doneAsAda(root, 'git', ['commit', '-qm', 'a pipeline']);
  const commit = doneAsAda(root, 'git', ['rev-parse', 'HEAD']).out.trim();
  await ours('apply');
  const { id: versionId } = await client.datasets.register({
    params: { project: 'shop', dataset: 'sales' },
    body: { replace: true },
  });
  await ours('repro');

  const { items } = await client.pipelines.list({ query: { project: 'shop', limit: 1 } });
  const run = items[0]?.id ?? '';
  const linked = async () => {
    for (;;) {
      const lineage = await client.lineage.run({ params: { run } });
      if ('found' in lineage.models) return lineage;
      await sleep(50);
    }
  };
  const lineage = await linked();
  expect(lineage).toMatchObject({
    run: { id: run, source: 'checkout' },
    code: { found: { gitCommit: commit, digest: null, checkout: { isDirty: false } } },
    environment: { missing: expect.stringContaining('does not tell what was installed') },
    data: { found: [{ dataset: 'sales', versionId, isRead: true }] },
    unknownInputs: [{ stage: 'train', path: 'train.py', hash: expect.stringMatching(/^md5:/) }],
    models: { found: [{ model: 'constant', version: 1, doubt: null }] },
  });
  const usage = await client.lineage.usage({ params: { version: versionId } });
  expect(usage).toMatchObject({ pipelineRuns: [{ id: run }], models: [{ model: 'constant', version: 1 }] });
});
