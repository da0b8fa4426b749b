import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectTensors } from '#ports/model-runtime.contract';
import { goldenFile, goldenModel } from './golden-models-testing.ts';
import { createRuntimeOnnx } from './index.ts';
import { message, modelOf, tensorOf, type Fields } from './protobuf-testing.ts';

const runtime = createRuntimeOnnx();
const onnx = goldenFile('weights-beside.onnx');
const data = goldenFile('weights-beside.data');

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'capstan-weights-'))));
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = join(folder, String(files++));
  await writeFile(file, bytes);
  return file;
}

/** A model whose only weight, of so many floats, lies where these pairs say. */
function modelWith(pairs: Readonly<Record<string, string>>, values = 2, more: Fields = []): Uint8Array {
  const entries = Object.entries(pairs).map(([key, value]): Fields[number] => [
    13,
    message([
      [1, key],
      [2, value],
    ]),
  ]);
  const weight = tensorOf('w', [values], [...entries, [14, 1], ...more]);
  return modelOf([values], [[5, weight]], [], 'w');
}

const refusal = (says: RegExp) =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'modelFile', message: expect.stringMatching(says) });

it('a model with weights in a file of its own answers as it does with them in it', async () => {
  const asked: string[] = [];
  const weightsFile = async (location: string) => {
    asked.push(location);
    return location === 'weights-beside.data' ? data : undefined;
  };
  const golden = goldenModel('weights-beside');
  const model = await runtime.load(onnx, { weightsFile });
  expect(model.inputs).toEqual(golden.inputSpecs);
  expectTensors(await model.predict(golden.inputs), golden.outputs);
  await model.close();
  expect(asked).toEqual(['weights-beside.data']);
});

it('other weights under the same name are another model: it is tried again', async () => {
  const weights = await fileOf(await readFile(data));
  const load = () => runtime.load(onnx, { weightsFile: async () => weights });
  await (await load()).close();
  await writeFile(weights, new Uint8Array((await readFile(data)).length));
  const model = await load();
  const [input] = goldenModel('weights-beside').inputs;
  const [sum] = await model.predict(input ? [input] : []);
  expect(sum?.data).toEqual(new Float32Array(4));
  await model.close();
});

it('weights in a thread of its own are there too', async () => {
  const model = await runtime.load(onnx, { weightsFile: async () => data });
  const rows = 1_000_000;
  const [sum] = await model.predict([
    { name: 'rows', datatype: 'FP32', shape: [rows, 3], data: new Float32Array(rows * 3) },
  ]);
  expect(sum?.shape).toEqual([rows, 2]);
  await model.close();
});

describe('refused', () => {
  const floats = Float32Array.of(1, 2);
  const load = async (bytes: Uint8Array, weights: Uint8Array = new Uint8Array(floats.buffer)) => {
    const file = await fileOf(weights);
    const loaded = await runtime.load(await fileOf(bytes), {
      weightsFile: async (name) => (name === 'w' ? file : undefined),
    });
    const answer = await loaded.predict([{ name: 'x', datatype: 'FP32', shape: [2], data: floats }]);
    await loaded.close();
    return answer;
  };

  it('is nothing of a weight that is where it says', async () => {
    for (const pairs of [{ location: 'w' }, { location: 'w', offset: '0', length: '8', checksum: 'any' }]) {
      expect(await load(modelWith(pairs))).toEqual([{ name: 'y', datatype: 'FP32', shape: [2], data: floats }]);
    }
  });

  it.each([
    ['another name', { location: 'v' }, /in 'v', which is none of its files/],
    ['a path upwards', { location: '../w' }, /in '..\/w', which is none of its files/],
    ['an absolute path', { location: '/etc/passwd' }, /in '\/etc\/passwd', which is none of its files/],
    ['no name', { offset: '0' }, /in '', which is none of its files/],
    ['an offset behind the end', { location: 'w', offset: '4', length: '8' }, /from 4 to 12, which has 8 bytes/],
    ['an offset far behind the end', { location: 'w', offset: '9' }, /from 9 to 8, which has 8 bytes/],
    ['a negative offset', { location: 'w', offset: '-4' }, /offset of weights in 'w' is '-4'/],
    ['a length that is none', { location: 'w', length: '1e9' }, /length of weights in 'w' is '1e9'/],
    ['too few bytes', { location: 'w', length: '4' }, /cannot be loaded/],
  ])('are weights under %s', async (_, pairs, says) => {
    await expect(load(modelWith(pairs))).rejects.toEqual(refusal(says));
  });

  it('is a tensor with values of its own besides', async () => {
    const both = modelWith({ location: 'w' }, 2, [[9, new Uint8Array(8)]]);
    await expect(load(both)).rejects.toEqual(refusal(/both in it and in another file/));
  });

  it('is a tensor that names a file and does not say that its values are there', async () => {
    const entry = message([
      [1, 'location'],
      [2, 'w'],
    ]);
    const odd = modelOf([2], [[5, tensorOf('w', [2], [[13, entry]])]], [], 'w');
    await expect(load(odd)).rejects.toEqual(refusal(/other files/));
  });

  it('is a link in the place of a file', async () => {
    const link = join(folder, 'link');
    await symlink(await fileOf(new Uint8Array(8)), link);
    const model = await fileOf(modelWith({ location: 'w' }));
    await expect(runtime.load(model, { weightsFile: async () => link })).rejects.toEqual(refusal(/cannot be read/));
  });

  it('is more than is allowed, in one file or one range many times', async () => {
    const small = createRuntimeOnnx({ maxModelBytes: 20_000 });
    const kilobytes = await fileOf(new Uint8Array(8_000));
    const weightsFile = async () => kilobytes;
    const entry = message([
      [1, 'location'],
      [2, 'w'],
    ]);
    const many = [1, 2, 3].map((at): Fields[number] => [
      5,
      tensorOf(
        `w${at}`,
        [2_000],
        [
          [13, entry],
          [14, 1],
        ],
      ),
    ]);
    const file = await fileOf(modelOf([2], many));
    await expect(small.load(file, { weightsFile })).rejects.toEqual(refusal(/more than the 20000 bytes/));
    const large = await fileOf(new Uint8Array(30_000));
    await expect(small.load(file, { weightsFile: async () => large })).rejects.toEqual(refusal(/more than the 20000/));
  });

  it('are other files where nobody says which are its own', async () => {
    await expect(runtime.load(onnx)).rejects.toEqual(refusal(/other files/));
  });
});
