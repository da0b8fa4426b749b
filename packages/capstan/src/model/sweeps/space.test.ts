import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SweepAxis, SweepSpace } from '@capstan/api';
import { gridPoint, gridSize, overridesOf, randomPoint } from './space.ts';

const list = fc.uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), {
  minLength: 1,
  maxLength: 5,
  selector: (value) => JSON.stringify(value),
});
const whole = fc
  .record({
    min: fc.integer({ min: -50, max: 50 }),
    width: fc.integer({ min: 1, max: 12 }),
    step: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ min, width, step }): SweepAxis => ({ type: 'int', min, max: min + width, step, log: false }));
const stepped = fc
  .record({ min: fc.integer({ min: -20, max: 20 }), steps: fc.integer({ min: 1, max: 9 }) })
  .map(({ min, steps }): SweepAxis => ({
    type: 'float',
    min: min / 10,
    max: (min + steps) / 10,
    step: 0.1,
    log: false,
  }));
const endless = fc
  .record({
    min: fc.double({ min: 1e-6, max: 10, noNaN: true }),
    width: fc.double({ min: 0.1, max: 100, noNaN: true }),
    log: fc.boolean(),
  })
  .map(({ min, width, log }): SweepAxis => ({ type: 'float', min, max: min + width, log }));
const byMagnitude = fc
  .record({ min: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 1000 }) })
  .map(({ min, width }): SweepAxis => ({ type: 'int', min, max: min + width, log: true }));

const spaceOf = (...axes: fc.Arbitrary<SweepAxis>[]): fc.Arbitrary<SweepSpace> =>
  fc.dictionary(fc.stringMatching(/^[a-z][a-z.]{0,6}$/), fc.oneof(...axes), { minKeys: 1, maxKeys: 3 });

function isIn(axis: SweepAxis | undefined, value: unknown): boolean {
  if (axis === undefined) return false;
  if (Array.isArray(axis)) return axis.includes(value as never);
  if (typeof value !== 'number' || value < axis.min || value > axis.max) return false;
  if (axis.type === 'int' && !Number.isInteger(value)) return false;
  if (axis.step === undefined) return true;
  const steps = (value - axis.min) / axis.step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
}

describe('a grid', () => {
  it('has each point once', () => {
    fc.assert(
      fc.property(spaceOf(list, whole, stepped), (space) => {
        const size = gridSize(space) ?? NaN;
        const points = Array.from({ length: size }, (_, place) => gridPoint(space, place));
        expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(size);
        for (const point of points) {
          for (const [param, value] of Object.entries(point)) expect(isIn(space[param], value)).toBe(true);
        }
      }),
    );
  });

  it('counts both ends of a range, and has no size where a float has no step', () => {
    expect(gridSize({ a: { type: 'float', min: 0, max: 0.3, step: 0.1, log: false } })).toBe(4);
    expect(gridSize({ a: { type: 'int', min: 2, max: 9, step: 3, log: false }, b: [1, 2] })).toBe(6);
    expect(gridSize({ a: { type: 'float', min: 0, max: 1, log: false } })).toBeUndefined();
  });
});

describe('a random point', () => {
  it('is inside the space, and the same for the same seed and number', () => {
    fc.assert(
      fc.property(
        spaceOf(list, whole, stepped, endless, byMagnitude),
        fc.nat(),
        fc.integer({ min: 1, max: 1000 }),
        (space, seed, number) => {
          const point = randomPoint(space, seed, number);
          expect(Object.keys(point)).toEqual(Object.keys(space));
          for (const [param, value] of Object.entries(point)) expect(isIn(space[param], value)).toBe(true);
          expect(randomPoint(space, seed, number)).toEqual(point);
        },
      ),
    );
  });

  it('comes to all of the space: evenly, or by order of magnitude', () => {
    const range = { type: 'float', min: 0.0001, max: 1 } as const;
    const space: SweepSpace = { even: { ...range, log: false }, log: { ...range, log: true }, word: ['a', 'b', 'c'] };
    const points = Array.from({ length: 3_000 }, (_, number) => randomPoint(space, 7, number));
    const share = (test: (point: Readonly<Record<string, unknown>>) => boolean): number =>
      points.filter(test).length / points.length;
    expect(share((point) => Number(point['even']) < 0.5)).toBeCloseTo(0.5, 1);
    expect(share((point) => Number(point['log']) < 0.01)).toBeCloseTo(0.5, 1);
    for (const word of ['a', 'b', 'c']) expect(share((point) => point['word'] === word)).toBeCloseTo(1 / 3, 1);
    expect(randomPoint(space, 8, 1)).not.toEqual(randomPoint(space, 7, 1));
  });
});

it('names parameters as `exp run -S` does', () => {
  expect(overridesOf({ 'train.depth': 3, 'net.yaml:layers': 2, 'net.yaml:a.b': 'x' })).toEqual({
    'params.yaml': { 'train.depth': 3 },
    'net.yaml': { layers: 2, 'a.b': 'x' },
  });
});
