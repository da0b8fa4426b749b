import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainError } from '#kernel/errors';
import type { LoadedModel, Tensor } from '#ports/model-runtime';
import type { ModelKey } from '../model-settings.ts';
import { createModelMemory, type ModelMemory } from './model-memory.ts';
import { createOnDemandModel, type ShelvedModel } from './on-demand-model.ts';

const specs = [{ name: 'x', datatype: 'FP64', shape: [-1] }] as const;
const row = (value: number): Tensor => ({ ...specs[0], shape: [1], data: Float64Array.of(value) });

/** Models that add their number, of so many bytes, in one memory; `seen` is what was in memory at most. */
function bench(budgetBytes: number | null) {
  const memory = createModelMemory(budgetBytes);
  let inMemory = 0;
  let uses = 0;
  const seen = { most: 0, opened: 0 };
  /** Resolves when the test says so. */
  const gates: (() => void)[] = [];

  async function model(
    number: number,
    bytes: number,
    change: {
      gated?: () => boolean;
      isSpare?: () => boolean;
      serving?: ModelKey['serving'];
      fails?: () => boolean;
    } = {},
  ): Promise<ShelvedModel> {
    return await createOnDemandModel({
      key: { digest: `sha256:${String(number).padStart(64, '0')}`, flavor: 'onnx', serving: change.serving },
      memory,
      cache: undefined,
      isSpare: change.isSpare ?? (() => false),
      nextUse: () => ++uses,
      progress: () => 'reading its weights',
      async open({ reserve }) {
        if (change.fails?.()) throw new DomainError('UNAVAILABLE', 'its file is gone');
        await reserve?.(bytes);
        inMemory += bytes;
        seen.most = Math.max(seen.most, inMemory);
        seen.opened++;
        if (change.gated?.()) await new Promise<void>((resolve) => gates.push(resolve));
        return adding(number, bytes, () => (inMemory -= bytes));
      },
    });
  }
  return { memory, model, seen, open: () => gates.splice(0).forEach((go) => go()) };
}

function adding(number: number, bytes: number, onClose: () => void): LoadedModel {
  let isClosed = false;
  return {
    inputs: specs,
    outputs: specs,
    memoryBytes: () => bytes,
    async predict([x]) {
      if (isClosed) throw new Error('asked after it was closed');
      await new Promise((resolve) => setImmediate(resolve));
      if (isClosed) throw new Error('closed while it answered');
      return [
        { ...specs[0], shape: x?.shape ?? [], data: Float64Array.from(x?.data as Float64Array, (it) => it + number) },
      ];
    },
    async close() {
      isClosed = true;
      onClose();
    },
  };
}

async function answer(model: ShelvedModel, value: number, deadline?: number): Promise<number> {
  const [output] = await model.predict([row(value)], deadline === undefined ? {} : { deadline });
  return Number(output?.data[0]);
}

describe('a model that is loaded on demand', () => {
  test('is loaded once for all who wait, and answers them all', async () => {
    const { model, seen } = bench(null);
    const one = await model(10, 5);
    await one.unload();
    expect([one.isLoaded(), one.memoryBytes()]).toEqual([false, 0]);
    expect(await Promise.all([1, 2, 3].map((value) => answer(one, value)))).toEqual([11, 12, 13]);
    expect([one.isLoaded(), one.memoryBytes(), one.loads(), seen.opened]).toEqual([true, 5, 2, 2]);
  });

  test('is waited for as long as the caller waits; then 503, and the load goes on', async () => {
    let gated = false;
    const { model, open } = bench(null);
    const one = await model(10, 5, { gated: () => gated });
    await one.unload();
    gated = true;
    const late = answer(one, 1, performance.now() + 20);
    await expect(late).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('reading its weights'),
    });
    const patient = answer(one, 1);
    open();
    expect(await patient).toBe(11);
    expect(one.loads()).toBe(2);
  });

  test('waiting requests have a limit', async () => {
    let gated = false;
    const { model, open } = bench(null);
    const one = await model(10, 5, { gated: () => gated, serving: { maxQueueSize: 2 } });
    await one.unload();
    gated = true;
    const two = [answer(one, 1), answer(one, 2)];
    await expect(answer(one, 3)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    open();
    expect(await Promise.all(two)).toEqual([11, 12]);
  });

  test('that cannot be loaded again says why, and is not tried for each request', async () => {
    let tries = 0;
    let fails = false;
    const { model } = bench(null);
    const one = await model(10, 5, { fails: () => fails && ++tries > 0 });
    await one.unload();
    fails = true;
    for (const value of [1, 2, 3]) {
      await expect(answer(one, value)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('its file is gone'),
      });
    }
    expect(tries).toBe(1);
  });

  test('that has been idle for as long as its revision says is unloaded, and one in use is not', async () => {
    const { model } = bench(null);
    const one = await model(10, 5, { serving: { idleAfterMs: 1_000 } });
    one.sweep(0);
    await answer(one, 1);
    one.sweep(1_500);
    expect(one.isLoaded()).toBe(true);
    one.sweep(2_400);
    expect(one.isLoaded()).toBe(true);
    one.sweep(2_500);
    expect(one.isLoaded()).toBe(false);
    expect(await answer(one, 1)).toBe(11);
  });
});

describe('models under a budget', () => {
  test('the one that was used longest ago leaves, one that is kept warm before it', async () => {
    const { model } = bench(30);
    let isSpare = false;
    const [a, b, c] = await Promise.all([model(1, 10), model(2, 10), model(3, 10, { isSpare: () => isSpare })]);
    isSpare = true;
    for (const one of [c, b, a]) await answer(one, 0);
    const loaded = () => [a, b, c].map((one) => one.isLoaded());
    const d = await model(4, 10);
    expect(loaded()).toEqual([true, true, false]);
    await answer(a, 0);
    await answer(d, 0);
    await model(5, 10);
    expect(loaded()).toEqual([true, false, false]);
  });

  test('a warm one comes only where there is room, and nothing leaves for it', async () => {
    const { model } = bench(20);
    const both = await Promise.all([model(1, 10), model(2, 10)]);
    await expect(model(3, 10, { isSpare: () => true })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(both.every((one) => one.isLoaded())).toBe(true);
  });

  test('one that needs more than there is is refused with both numbers', async () => {
    const { model } = bench(2 ** 20);
    await expect(model(1, 2 ** 21)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('takes 2 MiB'),
      hint: expect.stringContaining('1 MiB: raise --model-memory-budget'),
    });
  });

  test('however they are asked, each answers for itself, none fails, and the budget holds', async () => {
    const request = fc.record({ of: fc.nat(7), value: fc.nat(99), turns: fc.nat(3) });
    const sizes = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.integer({ min: 10, max: 25 }),
        fc.array(request, { maxLength: 60 }),
        async (bytes, most, asked) => {
          const { model, seen, memory } = bench(most);
          const models = await Promise.all(bytes.map((size, number) => model(number * 100, size)));
          const answers = asked.map(async ({ of, value, turns }) => {
            for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
            const one = models[of] ?? expect.fail('no such model');
            expect(await answer(one, value)).toBe(of * 100 + value);
          });
          await Promise.all(answers);
          expect(seen.most).toBeLessThanOrEqual(most);
          await Promise.all(models.map((one) => one.retire()));
          expect((memory satisfies ModelMemory).takenBytes()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
