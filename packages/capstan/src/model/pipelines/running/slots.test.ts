import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParamValue, Stage } from '#kernel/pipeline-definition';
import { createSlots } from './slots.ts';
import { resourcesOf } from './stage-resources.ts';

const CAPACITY = { cpus: 4, gpus: 1, memoryBytes: 100 };
const need = fc.record({
  cpus: fc.constantFrom(0.1, 0.5, 1, 2, 4),
  gpus: fc.constantFrom(0, 0, 1),
  memoryBytes: fc.integer({ min: 0, max: 100 }),
});
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('places for stages', () => {
  it('never give more than there is, to each who waits, in the order in which they came', async () => {
    const stages = fc.array(fc.record({ need, isGivenUp: fc.boolean() }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(stages, fc.infiniteStream(fc.nat()), async (wanted, choices) => {
        const slots = createSlots(CAPACITY);
        const held = new Map<number, () => void>();
        const admitted: number[] = [];
        const givenUp = new Set<number>();
        const aborts = wanted.map(() => new AbortController());
        wanted.forEach((stage, index) => {
          slots.enter(stage.need, aborts[index]?.signal ?? AbortSignal.abort()).then(
            (leave) => {
              held.set(index, leave);
              admitted.push(index);
            },
            () => givenUp.add(index),
          );
        });
        await turn();
        for (const [index, stage] of wanted.entries()) if (stage.isGivenUp && !held.has(index)) aborts[index]?.abort();
        await turn();
        while (held.size > 0) {
          const sum = (key: keyof typeof CAPACITY) =>
            [...held.keys()].reduce((total, index) => total + (wanted[index]?.need[key] ?? 0), 0);
          for (const key of ['cpus', 'gpus', 'memoryBytes'] as const)
            expect(sum(key)).toBeLessThanOrEqual(CAPACITY[key] + 1e-6);
          const holders = [...held.keys()];
          const one = holders[Number(choices.next().value) % holders.length] ?? 0;
          held.get(one)?.();
          // Twice is as once.
          held.get(one)?.();
          held.delete(one);
          await turn();
        }
        expect(admitted).toEqual(admitted.toSorted((a, b) => a - b));
        expect(admitted.length + givenUp.size).toBe(wanted.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what a stage declares that it needs', () => {
  const stage = (resources: ParamValue): Stage =>
    ({ name: 'a', meta: new Map([['resources', resources]]) }) as unknown as Stage;

  it.each([
    [new Map<string, ParamValue>([['memory', '1.5 GiB']]), { memoryBytes: 1.5 * 2 ** 30 }],
    [new Map<string, ParamValue>([['memory', 1_000n]]), { memoryBytes: 1_000 }],
    [
      new Map<string, ParamValue>([
        ['cpus', 0.5],
        ['gpus', 2n],
        ['memory', '3M'],
      ]),
      { cpus: 0.5, gpus: 2, memoryBytes: 3_000_000 },
    ],
    // Another tool's, which means something else by the word.
    ['large', {}],
  ])('%j', (written, resources) => {
    expect(resourcesOf(stage(written))).toEqual(resources);
  });

  it.each([
    ['cpus', 0n],
    ['cpus', 'many'],
    ['gpus', 0.5],
    ['memory', '8 gigs'],
    ['memory', 0n],
    ['disk', 1n],
  ])('refuses %s: %s', (key, value) => {
    expect(() => resourcesOf(stage(new Map([[key, value]])))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: `stages.a.meta.resources.${key}` }),
    );
  });
});
