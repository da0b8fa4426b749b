// Models of Python that misbehave: each gets its clear error, the others go on answering, and no process is left.
import { spawn } from 'node:child_process';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadedModel, ModelRuntime, Tensor } from '../../packages/capstan/src/ports/model-runtime.ts';
import { ATTACKS } from '../support/attacking-model.ts';
import { processesLike, until } from '../support/processes.ts';
import { findClientPython } from '../support/python.ts';
import { clientRuntime, writeModel } from '../support/python-runtime.ts';
import { emptyFolder } from '../support/server.ts';

const folder = emptyFolder();
let runtime: ModelRuntime;
let quiet: LoadedModel;
let models = 0;

const texts = (...data: string[]): Tensor[] => [{ name: 'do', datatype: 'BYTES', shape: [data.length], data }];
const load = (code = ATTACKS, options = {}): Promise<LoadedModel> =>
  runtime.load(writeModel(join(folder, `m${models++}`), code, { do: 'string' }), options);
const processesOf = (model: LoadedModel): number[] =>
  (model.status?.().workers ?? []).flatMap(({ pid }) => (pid === null ? [] : [pid]));
const soon = (ms: number) => ({ deadline: performance.now() + ms });

async function expectQuietAnswers(): Promise<void> {
  const [answer] = await quiet.predict(texts('four'));
  expect([...(answer?.data ?? [])]).toEqual([4n]);
}

beforeAll(async () => {
  runtime = await clientRuntime(join(folder, 'data'), {
    limits: { startMs: 60_000, overrunMs: 100, graceMs: 300 },
    maxAnswerBytes: 1 << 20,
  });
  quiet = await load();
});

afterAll(async () => {
  await quiet.close();
  expect(processesLike(folder)).toEqual([]);
});

describe('while it answers', () => {
  let model: LoadedModel;
  beforeAll(async () => {
    model = await load(ATTACKS, { maxMemoryBytes: 700 * 2 ** 20 });
  });
  afterAll(() => model.close());

  const attacks: [string, string, RegExp][] = [
    ['exit', 'UNAVAILABLE', /it exited with 7/],
    ['allocate', 'UNAVAILABLE', /it took \d+ MiB of memory; 700 are allowed/],
    ['segfault', 'UNAVAILABLE', /it died of SIGSEGV/],
    ['answer much', 'UNAVAILABLE', /it answered \d+ bytes; at most 1048576 are taken/],
    ['raise', 'INVALID_ARGUMENT', /The model failed: ValueError: no such thing/],
    ['rows', 'INVALID_ARGUMENT', /the model answered 3 rows in 'predictions' for 1 rows/],
  ];
  test.each(attacks)('%s', async (what, code, message) => {
    await expect(model.predict(texts(what))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expectQuietAnswers();
    const [answer] = await model.predict(texts('three'));
    expect([...(answer?.data ?? [])]).toEqual([5n]);
  });

  test.each(['sleep', 'sleep deaf'])('%s: the caller is told in time, and the worker is replaced', async (what) => {
    const before = processesOf(model);
    const asked = model.predict(texts(what), soon(300));
    // Waits for its turn: was never sent, and so is answered by the next worker.
    const waiting = model.predict(texts('waits'));
    await expect(asked).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expectQuietAnswers();
    expect([...((await waiting)[0]?.data ?? [])]).toEqual([5n]);
    expect(processesOf(model)).not.toEqual(before);
  });

  test('megabytes of print are kept to their last lines', async () => {
    await model.predict(texts('print'));
    const lines = model.status?.().workers[0]?.lastLines ?? [];
    expect(lines.length).toBeGreaterThan(0);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(2000);
    expect(lines.length).toBeLessThanOrEqual(51);
    await expectQuietAnswers();
  });

  test('a caller that is gone is not waited for; what it asked is not answered to another', async () => {
    const gone = new AbortController();
    const asked = model.predict(texts('sleep'), { signal: gone.signal });
    gone.abort();
    await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'The caller is gone' });
    expect([...((await model.predict(texts('six six')))[0]?.data ?? [])]).toEqual([7n]);
  });
});

test('what it forked and sent away ends with it', async () => {
  const model = await load();
  await expect(model.predict(texts('fork'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await model.predict(texts('on'));
  await model.close();
  expect(processesLike(join(folder, `m${models - 1}`))).toEqual([]);
  expect(processesLike(join(folder, 'data', 'run'))).toEqual([]);
});

test('one that dies again and again rests, says why, and is tried anew', async () => {
  const fragile = await clientRuntime(join(folder, 'fragile'), { limits: { maxCrashes: 3 } });
  const model = await fragile.load(writeModel(join(folder, 'fragile-model'), ATTACKS, { do: 'string' }));
  for (let crash = 0; crash < 3; crash++) {
    await expect(model.predict(texts('exit'))).rejects.toMatchObject({
      message: expect.stringMatching(/exited with 7/),
    });
  }
  await expect(model.predict(texts('fine'))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(
      /died 3 times within a minute, at last: it exited with 7. It is tried anew in \d+ s/,
    ),
    details: { lastLines: expect.arrayContaining(['going away']) },
  });
  expect(model.status?.()).toMatchObject({ state: 'failing', lastEnd: { reason: 'it exited with 7' } });
  await expectQuietAnswers();
  await model.close();
});

test.each([
  ['exits', 'import os\nprint("bye", flush=True)\nos._exit(9)', /it exited with 9\n[^]*bye/],
  ['lacks a module', 'import there_is_no_such_module', /there_is_no_such_module/],
])('a model that %s while it is loaded', async (_, code, message) => {
  const refusal = { code: 'INVALID_ARGUMENT', field: 'modelFile', message: expect.stringMatching(message) };
  await expect(load(`${code}\nclass Model: pass`)).rejects.toMatchObject(refusal);
  await expectQuietAnswers();
  expect(processesLike(join(folder, `m${models - 1}`))).toEqual([]);
});

test('a model that takes for ever to load, or all memory', async () => {
  const before = processesLike(folder);
  const impatient = await clientRuntime(join(folder, 'impatient'), { limits: { startMs: 4_000, graceMs: 100 } });
  const sleeper = writeModel(join(folder, 'sleeper'), 'import time\ntime.sleep(1000)\nclass Model: pass');
  await expect(impatient.load(sleeper)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(/it did not load within 4 s/),
  });
  const hoarder =
    'import os\nhoard = []\nwhile True:\n    hoard.append(bytearray(os.urandom(1 << 20)) * 64)\nclass Model: pass';
  await expect(load(hoarder, { maxMemoryBytes: 600 * 2 ** 20 })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(/MiB of memory; 600 are allowed/),
  });
  expect(processesLike(folder)).toEqual(before);
});

test('a worker gets what the server leaves of the processor', () => {
  const here = getPriority();
  expect(processesOf(quiet).map((pid) => getPriority(pid) - here)).toEqual([5]);
});

test('nothing of this process reaches a worker but what is meant for it', async () => {
  process.env['CAPSTAN_SECRET_OF_A_TEST'] = 'secret';
  const model = await load(`
import os, resource
class Model:
    def predict(self, data, params=None):
        text = " ".join(sorted(os.environ)) + " core=%s" % (resource.getrlimit(resource.RLIMIT_CORE),)
        descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))
        return [text + " fds=%s" % descriptors[:6]] * len(data)
`);
  delete process.env['CAPSTAN_SECRET_OF_A_TEST'];
  const text = String((await model.predict(texts('x')))[0]?.data[0]);
  expect(text).toMatch(/OMP_NUM_THREADS/);
  expect(text).not.toMatch(/SECRET|TOKEN|PASSWORD|DATABASE|NODE/);
  expect(text).toMatch(/core=\(0, 0\)/);
  await model.close();
});

test('workers end when the process that started them is killed', async () => {
  const file = writeModel(join(folder, 'orphan'), ATTACKS, { do: 'string' });
  const script = `
    import { clientRuntime } from ${JSON.stringify(new URL('../support/python-runtime.ts', import.meta.url).href)};
    const runtime = await clientRuntime(${JSON.stringify(join(folder, 'orphan-data'))});
    const model = await runtime.load(${JSON.stringify(file)});
    void model.predict([{ name: 'do', datatype: 'BYTES', shape: [1], data: ['sleep among others'] }]).catch(() => {});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, TEST_PYTHON: await findClientPython() },
  });
  const workers = (): number[] => processesLike(`${file}\u0000`).filter((pid) => pid !== child.pid);
  // Itself, its guard, and two that it has forked, of which one has left its session.
  await until(() => workers().length === 4);
  child.kill('SIGKILL');
  await until(() => workers().length === 0);
});
