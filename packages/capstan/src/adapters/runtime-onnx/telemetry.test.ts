import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { goldenFile } from './golden-models-testing.ts';
import { NO_TELEMETRY } from './no-telemetry.ts';
import { startProcessHost } from './process-host.ts';

/**
 * In a process of its own: the library looks at its environment once. The model is tried in a child, runs in this thread,
 * and in another for more rows than that takes.
 */
const USE = `
import { createRuntimeOnnx } from ${JSON.stringify(new URL('./create-runtime-onnx.ts', import.meta.url).href)};
const model = await createRuntimeOnnx().load(process.argv[1]);
const rows = model.mostInlineRows + 1;
const [{ name, shape: [, columns] }] = model.inputs;
await model.predict([{ name, datatype: 'FP32', shape: [rows, columns], data: new Float32Array(rows * columns) }]);
await model.close();
`;

test('the library leaves no identifier of the machine, and no events to be sent', () => {
  const home = mkdtempSync(join(tmpdir(), 'capstan-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...env } = process.env;
  execFileSync(process.execPath, ['--input-type=module', '-e', USE, goldenFile('zipmap-forest.onnx')], {
    env: { ...env, HOME: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  expect(readdirSync(home, { recursive: true })).toEqual([]);
});

test('nor does the child of a trial, which has no home: it gets nothing of this environment but what says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-host-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const entry = join(folder, 'tells-its-environment.mjs');
  writeFileSync(entry, "process.on('message', ({ id }) => process.send({ id, result: process.env }));");
  const host = startProcessHost(pathToFileURL(entry), 2 ** 30);
  onTestFinished(() => host.kill('the test is over'));
  const environment: unknown = await host.call('close', {});
  expect(environment).toMatchObject(NO_TELEMETRY);
  expect(environment).not.toHaveProperty('HOME');
});
