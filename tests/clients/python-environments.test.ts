// The Python that a model runs in: one that fits as it is, else one built from what the model requires, by its version.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { clientRuntime, writeModel, type ClientRuntimeOptions } from '../support/python-runtime.ts';
import { emptyFolder } from '../support/server.ts';

const folder = emptyFolder();
const MODEL =
  'import capstan_probe\n\nclass Model:\n    def predict(self, data, params=None):\n        return data["x"]';
const WHEEL = `
import sys, zipfile
with zipfile.ZipFile("%s/capstan_probe-1.0-py3-none-any.whl" % sys.argv[1], "w") as wheel:
    info = "capstan_probe-1.0.dist-info/"
    wheel.writestr("capstan_probe.py", "WORD = 'packed'\\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: capstan_probe\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

let models = 0;
function modelRequiring(requirements: string, python?: string): string {
  const path = writeModel(join(folder, `m${models++}`), MODEL, { x: 'double' });
  writeFileSync(join(path, 'requirements.txt'), requirements);
  if (python !== undefined) writeFileSync(join(path, 'python_env.yaml'), `python: ${python}\n`);
  return path;
}

const data = join(folder, 'data');
const building = (options: ClientRuntimeOptions = {}) =>
  clientRuntime(data, { localPython: null, canBuild: true, isRelaxed: false, ...options });

afterAll(() => rmSync(folder, { recursive: true }));

test('is built once, says what it does, and tells when mlflow is not in it', async () => {
  execFileSync('python3', ['-c', WHEEL, folder]);
  const requirements = `--no-index\n--find-links ${folder}\ncapstan_probe==1.0\n`;
  const runtime = await building();
  const refusal = {
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(/mlflow is not in the model's environment/),
  };
  const progress: string[] = [];
  const onProgress = (line: string): void => void progress.push(line);
  await expect(runtime.load(modelRequiring(requirements), { onProgress })).rejects.toMatchObject(refusal);
  expect(progress.join('\n')).toMatch(/Building .* with Python 3/);
  expect(progress.join('\n')).toMatch(/capstan.probe(-|==)1\.0/);
  progress.length = 0;
  await expect(runtime.load(modelRequiring(requirements), { onProgress })).rejects.toMatchObject(refusal);
  expect(progress.join('\n')).not.toMatch(/Building/);
  const built = readdirSync(join(data, 'environments')).filter((name) => /^[0-9a-f:sha]{32,}/.test(name));
  expect(built).toHaveLength(1);
});

test('is built for a user who has no home, and keeps nothing of its making', async () => {
  const installerEnvironment = { PATH: process.env['PATH'] ?? '', HOME: '/proc/none' };
  const runtime = await building({ installerEnvironment });
  const path = modelRequiring(`--no-index\n--find-links ${folder}\n# without a home\ncapstan_probe<2\n`);
  await expect(runtime.load(path)).rejects.toThrow("mlflow is not in the model's environment");
  expect(readdirSync(join(data, 'environments'), { recursive: true, encoding: 'utf8' })).not.toContainEqual(
    expect.stringContaining('uv-cache'),
  );
});

test('that cannot be built is refused with the last lines of the build', async () => {
  const runtime = await building();
  await expect(runtime.load(modelRequiring('--no-index\nno-such-package==1.0\n'))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'requirements.txt',
    message: expect.stringMatching(/no-such-package/),
  });
});

test('an interpreter is used as it is where it has what is required, and what it lacks is said', async () => {
  const runtime = await clientRuntime(join(folder, 'local'));
  const path = modelRequiring('mlflow>=3\nnumpy\n');
  writeFileSync(join(path, 'code', 'capstan_probe.py'), '');
  const progress: string[] = [];
  const model = await runtime.load(path, { onProgress: (line) => void progress.push(line) });
  expect(progress).toEqual([expect.stringMatching(/as it is/)]);
  expect(model.status?.().environment).toMatchObject({ key: null });
  await model.close();
  appendFileSync(join(path, 'requirements.txt'), 'numpy<1\nno-such-package\nno-such-too; python_version < "3"\n');
  await expect(runtime.load(path)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'python',
    message: expect.stringMatching(
      /lacks no-such-package \(not there\), numpy<1 \(there is [\d.]+\), and none may be built/,
    ),
  });
});

test('another version of Python is refused with what is there, or taken with a word', async () => {
  const path = modelRequiring('--no-index\nno-such-package==1.0\n', '3.7.3');
  await expect((await building()).load(path)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'python',
    message: expect.stringMatching(/^The model wants Python 3\.7\.3; there is only 3\.\d+\.\d+ \(python3\)$/),
    hint: expect.stringMatching(/python3\.7.*relaxed/),
  });
  const progress: string[] = [];
  const relaxed = await building({ isRelaxed: true });
  await expect(relaxed.load(path, { onProgress: (line) => void progress.push(line) })).rejects.toThrow(
    /no-such-package/,
  );
  expect(progress[0]).toMatch(/logged with Python 3\.7\.3; it runs with 3\.\d+\.\d+, which may not do/);
});

test('the Python of the wanted minor version is found beside others', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const told = (name: string, version: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\ncase "$3" in *python_version*) echo ${version};; *) exit 3;; esac\n`);
    chmodSync(join(bin, name), 0o755);
  };
  told('python3.6', '3.6.9');
  told('python3', '3.5.1');
  const environment = { PATH: `${bin}:/usr/bin:/bin`, LANG: 'C.UTF-8' };
  const runtime = await building({ commandEnvironment: environment, installerEnvironment: environment });
  const progress: string[] = [];
  const path = modelRequiring('--no-index\nno-such-package==1.0\n', '3.6.1');
  // It is none but by its version.
  await expect(runtime.load(path, { onProgress: (line) => void progress.push(line) })).rejects.toThrow(
    /The Python 'python3\.6' cannot be used/,
  );
  expect(progress[0]).toBe('The model was logged with Python 3.6.1; it runs with 3.6.9');
});
