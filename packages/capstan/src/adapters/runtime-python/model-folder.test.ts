import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPythonNeeds } from './model-folder.ts';
import { pinsOf } from './uv-lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-model-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const PYFUNC = 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\n';

function write(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const requirements = async (files: Readonly<Record<string, string>>) => {
  const needs = await readPythonNeeds(write(files));
  return needs.files.get('requirements.txt');
};

test('requirements are in one order, so that equal ones share an environment', async () => {
  expect(
    await requirements({ MLmodel: PYFUNC, 'requirements.txt': 'numpy==2.1\n# why\nmlflow==3.1 # x\nnumpy==2.1\n' }),
  ).toBe('mlflow==3.1\nnumpy==2.1\n');
  const options = '--find-links /x\nb==1\na==1\n';
  expect(await requirements({ MLmodel: PYFUNC, 'requirements.txt': options })).toBe(options);
});

test('constraints beside them are taken along', async () => {
  const files = { MLmodel: PYFUNC, 'requirements.txt': 'mlflow\n-c constraints.txt\n', 'constraints.txt': 'numpy<3\n' };
  const needs = await readPythonNeeds(write(files));
  expect([...needs.files.keys()]).toEqual(['requirements.txt', 'constraints.txt']);
});

test('without requirements.txt it is conda’s part for pip', async () => {
  const conda =
    'channels: [conda-forge]\ndependencies:\n- python=3.10.4\n- pip<=23\n- pip:\n  - mlflow==2.9\n  - scipy\n';
  const needs = await readPythonNeeds(
    write({ MLmodel: 'flavors:\n  python_function:\n    loader_module: x\n', 'conda.yaml': conda }),
  );
  expect(needs).toMatchObject({ version: '3.10.4', source: 'conda.yaml' });
  expect(needs.files.get('requirements.txt')).toBe('mlflow==2.9\nscipy\n');
});

test('the version of Python is python_env.yaml’s, else the flavor’s', async () => {
  const files = { MLmodel: PYFUNC, 'requirements.txt': 'mlflow\n' };
  expect((await readPythonNeeds(write(files))).version).toBe('3.11.7');
  expect((await readPythonNeeds(write({ 'python_env.yaml': 'python: 3.12.1\n' }))).version).toBe('3.12.1');
});

test('uv.lock pins what it has one version of', async () => {
  const lock = `version = 1
[[package]]
name = "mine"
version = "0.1.0"
source = { virtual = "." }

[[package]]
name = "numpy"
version = "2.4.6"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://x/numpy.tar.gz", hash = "sha256:0" }

[[package]]
name = "scipy"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[package.metadata]
requires-dist = [{ name = "scipy", version = "9" }]

[[package]]
name = "scipy"
version = "1.1"
source = { registry = "https://pypi.org/simple" }
`;
  expect(pinsOf(lock)).toEqual(['numpy==2.4.6']);
  const needs = await readPythonNeeds(write({ MLmodel: PYFUNC, 'requirements.txt': 'mlflow\n', 'uv.lock': lock }));
  expect([...needs.files]).toEqual([
    ['requirements.txt', '-c capstan-uv-lock.txt\nmlflow\n'],
    ['capstan-uv-lock.txt', 'numpy==2.4.6\n'],
  ]);
});

test.each([
  [{}, /no file MLmodel/],
  [{ MLmodel: 'flavors: [' }, /MLmodel:1:/],
  [{ MLmodel: 'flavors:\n  onnx: {}\n' }, /no python_function flavor, only onnx/],
  [{ MLmodel: PYFUNC }, /does not say what it requires/],
])('a folder that is no such model is refused', async (files, message) => {
  await expect(readPythonNeeds(write(files))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'modelFile',
    message: expect.stringMatching(message),
  });
});

test('a requirement of a folder beside it is refused by its line', async () => {
  await expect(readPythonNeeds(write({ MLmodel: PYFUNC, 'requirements.txt': 'mlflow\n-e .\n' }))).rejects.toMatchObject(
    { field: 'requirements.txt:2' },
  );
});
