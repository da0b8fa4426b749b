import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedModel, Tensor } from '#ports/model-runtime';
import { describeModelRuntime, expectTensors } from '#ports/model-runtime.contract';
import { goldenFile, goldenModel } from './golden-models-testing.ts';
import { createRuntimeOnnx } from './index.ts';
import { modelOf, tensorOf } from './protobuf-testing.ts';

describeModelRuntime('onnx', async () => ({
  runtime: createRuntimeOnnx(),
  models: [goldenModel('two-inputs'), goldenModel('columns')],
}));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-onnx-'));
});
afterAll(() => rm(directory, { recursive: true }));

let files = 0;
async function fileOf(bytes: Uint8Array | string, extension = 'onnx'): Promise<string> {
  const file = join(directory, `${files++}.${extension}`);
  await writeFile(file, bytes);
  return file;
}

const runtime = createRuntimeOnnx();

function refusal(message: RegExp, hint = /./): unknown {
  return expect.objectContaining({
    name: 'DomainError',
    code: 'INVALID_ARGUMENT',
    field: 'modelFile',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
}

describe('runtime-onnx: values', () => {
  const all: Tensor[] = [
    { name: 'in_BOOL', datatype: 'BOOL', shape: [2], data: new Uint8Array([0, 1]) },
    { name: 'in_UINT8', datatype: 'UINT8', shape: [2], data: new Uint8Array([0, 255]) },
    { name: 'in_INT8', datatype: 'INT8', shape: [2], data: new Int8Array([-128, 127]) },
    { name: 'in_INT16', datatype: 'INT16', shape: [1], data: new Int16Array([-32_768]) },
    { name: 'in_INT32', datatype: 'INT32', shape: [1], data: new Int32Array([-(2 ** 31)]) },
    { name: 'in_INT64', datatype: 'INT64', shape: [2], data: new BigInt64Array([-(2n ** 63n), 2n ** 53n + 1n]) },
    { name: 'in_UINT16', datatype: 'UINT16', shape: [1], data: new Uint16Array([65_535]) },
    { name: 'in_UINT32', datatype: 'UINT32', shape: [1], data: new Uint32Array([2 ** 32 - 1]) },
    { name: 'in_UINT64', datatype: 'UINT64', shape: [1], data: new BigUint64Array([2n ** 64n - 1n]) },
    {
      name: 'in_FP32',
      datatype: 'FP32',
      shape: [3],
      data: new Float32Array([Number.NaN, -0, Number.POSITIVE_INFINITY]),
    },
    { name: 'in_FP64', datatype: 'FP64', shape: [1], data: new Float64Array([Math.PI]) },
    { name: 'in_BYTES', datatype: 'BYTES', shape: [3], data: ['', 'é 😀', 'line\nend'] },
  ];
  let model: LoadedModel;
  beforeAll(async () => {
    model = await runtime.load(goldenFile('datatypes.onnx'));
  });
  afterAll(() => model.close());

  it('of every datatype pass through unchanged, to the bit', async () => {
    const outputs = await model.predict(all);
    expect(outputs).toEqual(all.map((tensor) => ({ ...tensor, name: tensor.name.replace('in_', 'out_') })));
  });

  it('may be none', async () => {
    const none = all.map((tensor) => ({ ...tensor, shape: [0], data: tensor.data.slice(0, 0) }));
    expect((await model.predict(none)).map(({ shape, data }) => [shape, data.length])).toEqual(
      none.map(() => [[0], 0]),
    );
  });

  it('with a NUL in their text are refused, since the library would cut them', async () => {
    const inputs = all.map((tensor) => (tensor.datatype === 'BYTES' ? { ...tensor, data: ['a\0b', '', ''] } : tensor));
    await expect(model.predict(inputs)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'inputs' });
  });
});

it('runtime-onnx: half floats are served', async () => {
  const model = await runtime.load(goldenFile('half.onnx'));
  const [input] = model.inputs;
  const data = Float16Array.of(0.5, 65_504, -0);
  const outputs = await model.predict([{ name: input?.name ?? '', datatype: 'FP16', shape: [3], data }]);
  expect(outputs).toEqual([{ name: 'y', datatype: 'FP16', shape: [3], data }]);
  await model.close();
});

describe('runtime-onnx: models that cannot be served', () => {
  it('with maps that are no ZipMap before an output, says how to export without', async () => {
    await expect(runtime.load(goldenFile('maps.onnx'))).rejects.toEqual(
      refusal(/'maps' is a sequence or a map/, /zipmap": False/),
    );
  });

  it('with more bytes than allowed', async () => {
    const small = createRuntimeOnnx({ maxModelBytes: 100 });
    await expect(small.load(goldenFile('two-inputs.onnx'))).rejects.toEqual(refusal(/206 bytes, more than the 100/));
  });

  it('with weights in another file, also when that file lies beside it', async () => {
    const weights = await fileOf(new Uint8Array(4), 'bin');
    const bytes = modelOf([1], [[5, tensorOf('w', [1], [[14, 1]])]]);
    await expect(runtime.load(await fileOf(bytes))).rejects.toEqual(
      refusal(/other files/, /save_as_external_data=False/),
    );
    expect((await readFile(weights)).length).toBe(4);
  });

  it('cut off, or with parts that are not what they say', async () => {
    const whole = readFileSync(goldenFile('columns.onnx'));
    await expect(runtime.load(await fileOf(whole.subarray(0, 700)))).rejects.toEqual(
      refusal(/no ONNX model: it is cut off/),
    );
    for (const dims of [[1 << 30], [2 ** 32, 2 ** 32], [2 ** 53 - 1, 2 ** 53 - 1]]) {
      const lying = modelOf([1], [[5, tensorOf('w', dims, [[9, 'abcd']])]], [], 'w');
      await expect(runtime.load(await fileOf(lying))).rejects.toEqual(refusal(/cannot be loaded/));
    }
    const ours = await fileOf(Buffer.concat([Buffer.from('\x08\0\0\0ORTM'), Buffer.alloc(64)]), 'ort');
    await expect(runtime.load(ours)).rejects.toEqual(refusal(/no ONNX model/));
  });

  it('with huge dimensions, once they are asked for', async () => {
    const model = await runtime.load(await fileOf(modelOf([2 ** 40, 2 ** 20])));
    const input: Tensor = { name: 'x', datatype: 'FP32', shape: [2 ** 40, 2 ** 20], data: new Float32Array(1) };
    await expect(model.predict([input])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'inputs[0].data' });
    await model.close();
  });

  it('that never come back', async () => {
    const impatient = createRuntimeOnnx({ trialTimeoutMs: 5000 });
    await expect(impatient.load(goldenFile('endless.onnx'))).rejects.toEqual(refusal(/longer than 5000 ms/));
  });

  it('tries the same bytes once, and others under the same name again', async () => {
    const started = await fileOf('', 'log');
    const real = pathToFileURL(join(import.meta.dirname, 'onnx-host.ts')).href;
    const host = await fileOf(
      `import { appendFileSync } from 'node:fs';
       import { isMainThread } from 'node:worker_threads';
       if (isMainThread) appendFileSync(${JSON.stringify(started)}, 'trial\\n');
       await import(${JSON.stringify(real)});\n`,
      'mjs',
    );
    const trials = async () => (await readFile(started, 'utf8')).split('\n').length - 1;
    const remembering = createRuntimeOnnx({ hostEntry: pathToFileURL(host), trialTimeoutMs: 20_000 });
    const file = await fileOf(await readFile(goldenFile('two-inputs.onnx')));
    await (await remembering.load(file)).close();
    await (await remembering.load(file)).close();
    expect(await trials()).toBe(1);
    await writeFile(file, 'no model');
    await expect(remembering.load(file)).rejects.toEqual(refusal(/./));
    expect(await trials()).toBe(2);
    await writeFile(file, await readFile(goldenFile('columns.onnx')));
    await (await remembering.load(file)).close();
    expect(await trials()).toBe(3);
  });

  it.skipIf(process.platform !== 'linux')('that take all memory (Linux only: read from /proc)', async () => {
    const frugal = createRuntimeOnnx({ trialMaxMemoryBytes: 400e6 });
    await expect(frugal.load(goldenFile('greedy.onnx'))).rejects.toEqual(refusal(/more than 400 MB of memory/));
  });

  it('that crash the library', async () => {
    const crashes = await fileOf(`process.on('message', () => process.kill(process.pid, 'SIGSEGV'));`, 'mjs');
    const crashing = createRuntimeOnnx({ hostEntry: pathToFileURL(crashes) });
    await expect(crashing.load(goldenFile('two-inputs.onnx'))).rejects.toEqual(refusal(/ended with SIGSEGV/));
  });

  it('because the host cannot start, with its words', async () => {
    const broken = await fileOf(`throw new Error('no library for this machine');`, 'mjs');
    const starting = createRuntimeOnnx({ hostEntry: pathToFileURL(broken) });
    await expect(starting.load(goldenFile('two-inputs.onnx'))).rejects.toEqual(
      refusal(/exit code 1: .*no library for this machine/s),
    );
  });

  it('however their bytes are changed: each is refused or loaded, and this process goes on', async () => {
    const whole = readFileSync(goldenFile('columns.onnx'));
    let state = 20_260_301;
    const random = (below: number) => {
      // Lehmer's generator (Park and Miller 1988), so that each run tries the same changes.
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    let refused = 0;
    for (let round = 0; round < 12; round++) {
      const changed = Buffer.from(whole);
      for (let change = 0; change <= round % 4; change++) changed[random(changed.length)] = random(256);
      const loading = await Promise.allSettled([runtime.load(await fileOf(changed))]);
      for (const load of loading) {
        if (load.status === 'fulfilled') await load.value.close();
        else {
          refused++;
          expect(load.reason).toEqual(refusal(/./));
        }
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});

describe('runtime-onnx: a loaded model', () => {
  it('leaves the event loop free while it computes', async () => {
    const host = await fileOf(
      `import { parentPort } from 'node:worker_threads';
       const opened = { sha256: '', inputs: [], outputs: [], operators: [] };
       if (parentPort) parentPort.on('message', ({ id, method }) => {
         if (method === 'predict') for (const end = Date.now() + 300; Date.now() < end;);
         parentPort.postMessage({ id, result: method === 'open' ? opened : [] });
       });
       else process.on('message', ({ id, method }) => process.send({ id, result: method === 'open' ? opened : true }));`,
      'mjs',
    );
    const model = await createRuntimeOnnx({ hostEntry: pathToFileURL(host) }).load('any');
    let isAnswered = false;
    let turns = 0;
    const answering = model.predict([]).finally(() => {
      isAnswered = true;
    });
    while (!isAnswered) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    await answering;
    expect(turns).toBeGreaterThan(10);
    await model.close();
  });

  it('fails its predictions as UNAVAILABLE when its thread dies, and does not take the process with it', async () => {
    const host = await fileOf(
      `import { parentPort } from 'node:worker_threads';
       const opened = { sha256: '', inputs: [], outputs: [], operators: [] };
       const answer = ({ id, method }) => {
         if (method === 'predict') throw new Error('out of heap');
         return { id, result: method === 'open' ? opened : true };
       };
       if (parentPort) parentPort.on('message', (request) => parentPort.postMessage(answer(request)));
       else process.on('message', (request) => process.send(answer(request)));`,
      'mjs',
    );
    const model = await createRuntimeOnnx({ hostEntry: pathToFileURL(host) }).load('any');
    for (let time = 0; time < 2; time++) {
      await expect(model.predict([])).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('out of heap'),
      });
    }
    await model.close();
  });

  it('tells why it failed on inputs that do not go together, and goes on', async () => {
    const golden = goldenModel('two-inputs');
    const model = await runtime.load(golden.file);
    const [features, offset] = golden.inputs;
    if (!features || !offset) throw new Error('two-inputs has two inputs');
    const unequal = [features, { ...offset, shape: [2, 1], data: new Float32Array(2) }];
    await expect(model.predict(unequal)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'inputs',
      message: expect.stringMatching(/failed on these inputs: .+/),
    });
    expectTensors(await model.predict(golden.inputs), golden.outputs);
    await model.close();
  });

  it('leaves no child process behind, whether the trial went well or not', async () => {
    if (process.platform !== 'linux') return;
    const children = async () => {
      const tasks = await readdir('/proc/self/task');
      const lists = await Promise.all(
        tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8').catch(() => '')),
      );
      return lists.join(' ').split(' ').filter(Boolean);
    };
    // The kernel may take a moment to clear away a killed process, as those of the tests before.
    const clearedAway = async () => {
      for (let look = 0; look < 200 && (await children()).length > 0; look++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return await children();
    };
    expect(await clearedAway()).toEqual([]);
    const model = await runtime.load(goldenFile('two-inputs.onnx'));
    await model.close();
    await runtime.load(goldenFile('maps.onnx')).catch(() => {});
    expect(await clearedAway()).toEqual([]);
  });
});
