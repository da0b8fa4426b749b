// Damaged ONNX files: each is refused with a reason or served, and none harms the process that is asked to load it.
// ONNX_MUTANTS=1000 npx vitest run --project system tests/crash/onnx-mutants.test.ts; `npm run robust` does.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cutZipMaps } from '../../packages/capstan/src/adapters/runtime-onnx/cut-zipmap.ts';
import { createRuntimeOnnx } from '../../packages/capstan/src/adapters/runtime-onnx/index.ts';
import { assertSelfContained } from '../../packages/capstan/src/adapters/runtime-onnx/self-contained.ts';
import { DomainError } from '../../packages/capstan/src/kernel/errors.ts';
import type { TensorSpec } from '../../packages/capstan/src/ports/model-runtime.ts';
import { mutated } from '../support/mutate.ts';
import { emptyFolder } from '../support/server.ts';

const TRIED = Number(process.env['ONNX_MUTANTS'] ?? 40);
const READ = 5_000;
/** Of a trial. A model that asks for more is refused, and so is one that asks for all memory. */
const MAX_MEMORY_BYTES = 2 ** 30;

const golden = fileURLToPath(new URL('../../packages/capstan/src/adapters/runtime-onnx/golden/', import.meta.url));
const originals = readdirSync(golden)
  // These hang or eat memory as they are, which tests of their own show.
  .filter((name) => name.endsWith('.onnx') && !['endless.onnx', 'greedy.onnx'].includes(name))
  .map((name) => readFileSync(join(golden, name)));

const original = (index: number): Buffer => originals[index % originals.length] ?? Buffer.alloc(0);

/** What a damaged file came to; anything but a refusal that says what is wrong is thrown. */
function refusalOf(error: unknown, seed: number): string {
  if (error instanceof DomainError && error.code === 'INVALID_ARGUMENT' && error.field === 'modelFile') {
    expect(error.message).not.toBe('');
    expect(error.hint).toBeTruthy();
    return 'refused';
  }
  throw new Error(`the file of seed ${seed} failed in another way`, { cause: error });
}

test(`${READ} damaged files are read or refused by what looks into them before the library does`, () => {
  const ends = { read: 0, refused: 0 };
  for (let seed = 0; seed < READ; seed++) {
    const bytes = mutated(original(seed), seed);
    try {
      assertSelfContained(bytes);
      assertSelfContained(cutZipMaps(bytes).bytes);
      ends.read += 1;
    } catch (error) {
      refusalOf(error, seed);
      ends.refused += 1;
    }
  }
  expect(ends.read).toBeGreaterThan(READ / 10);
  expect(ends.refused).toBeGreaterThan(READ / 10);
});

function zerosOf({ name, datatype, shape }: TensorSpec) {
  const sizes = shape.map((size) => (size === -1 ? 1 : size));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count > 1_000_000) return undefined;
  const data = datatype === 'BYTES' ? Array.from({ length: count }, () => 'x') : new Float32Array(count);
  return datatype === 'BYTES' || datatype === 'FP32' ? { name, datatype, shape: sizes, data } : undefined;
}

const timeout = 300_000 + TRIED * 2_000;

test(`${TRIED} damaged files are loaded or refused, and what is loaded answers or fails`, { timeout }, async () => {
  const folder = emptyFolder();
  const runtime = createRuntimeOnnx({ trialTimeoutMs: 10_000, trialMaxMemoryBytes: MAX_MEMORY_BYTES });
  const sound = join(folder, 'sound.onnx');
  writeFileSync(sound, readFileSync(join(golden, 'two-inputs.onnx')));
  const quiet = await runtime.load(sound);
  const expected = await quiet.predict(
    quiet.inputs.map((spec) => zerosOf(spec)).filter((input) => input !== undefined),
  );
  const ends = { refused: 0, loaded: 0 };

  let next = 0;
  async function tryOn(): Promise<void> {
    for (let seed = next++; seed < TRIED; seed = next++) {
      const file = join(folder, `${seed}.onnx`);
      writeFileSync(file, mutated(original(seed), seed));
      const model = await runtime.load(file).catch((error: unknown) => void refusalOf(error, seed));
      if (!model) {
        ends.refused += 1;
        continue;
      }
      ends.loaded += 1;
      const inputs = model.inputs.map(zerosOf);
      if (inputs.every((input) => input !== undefined)) {
        await model.predict(inputs).catch((error: unknown) => expect(error).toBeInstanceOf(DomainError));
      }
      await model.close();
    }
  }
  await Promise.all([tryOn(), tryOn()]);

  expect(ends.refused + ends.loaded).toBe(TRIED);
  expect(ends.refused).toBeGreaterThan(TRIED / 10);
  expect(await quiet.predict(quiet.inputs.map((spec) => zerosOf(spec)).filter((input) => input !== undefined))).toEqual(
    expected,
  );
  await quiet.close();
});
