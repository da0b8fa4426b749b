import { expect, test } from 'vitest';
import { canTrustAsymptotics, confidenceSequence, confidenceSequenceRadius } from './asymptotic-confidence-sequence.ts';
import { weightedDifference } from './propensity-weighting.ts';
import { addValue, NO_VALUES } from './running-moments.ts';
import { seededRandom } from './testing/seeded-random.ts';

test('the radius equals the worked examples', () => {
  for (const [count, radius] of [
    [100, 0.385505],
    [1000, 0.095982],
    [10_000, 0.032417],
  ] as const) {
    expect(Math.abs(confidenceSequenceRadius(count, 0.05, 1000) - radius)).toBeLessThan(5e-7);
  }
});

test('it is narrowest, for its count, where it was tuned to be', () => {
  const at = (tightestAt: number): number => confidenceSequenceRadius(1000, 0.05, tightestAt);
  expect(at(1000)).toBeLessThan(at(300));
  expect(at(1000)).toBeLessThan(at(3000));
});

test('it narrows with count and widens with confidence', () => {
  const radii = [1, 10, 100, 1000, 1e6].map((count) => confidenceSequenceRadius(count, 0.05, 1000));
  expect(radii).toEqual(radii.toSorted((a, b) => b - a));
  expect(confidenceSequenceRadius(500, 0.01, 1000)).toBeGreaterThan(confidenceSequenceRadius(500, 0.1, 1000));
});

test('looked at after each of 4,000 observations, it misses the truth in at most alpha of all runs', () => {
  const random = seededRandom(61);
  let misses = 0;
  for (let run = 0; run < 500; run++) {
    let moments = NO_VALUES;
    let isMissed = false;
    for (let i = 1; i <= 4000; i++) {
      moments = addValue(moments, random.normal());
      if (i < 100 || isMissed) continue;
      const { lower, upper } = confidenceSequence(moments, 0.05, 1000);
      isMissed = lower > 0 || upper < 0;
    }
    if (isMissed) misses++;
  }
  expect(misses / 500).toBeLessThan(0.05);
});

test('over weighted examples of a 10 % split it finds the true effect', () => {
  const random = seededRandom(62);
  let plain = NO_VALUES;
  let adjusted = NO_VALUES;
  for (let i = 0; i < 20_000; i++) {
    const difficulty = random.uniform();
    const isCanary = random.chance(0.1);
    const outcome = difficulty + (isCanary ? 0.2 : 0) + 0.1 * random.normal();
    const example = { outcome, isCanary, canaryPropensity: 0.1 };
    plain = addValue(plain, weightedDifference(example));
    // A forecast that knows the difficulty but not the effect.
    adjusted = addValue(
      adjusted,
      weightedDifference({ ...example, expected: { canary: difficulty, champion: difficulty } }),
    );
  }
  const wide = confidenceSequence(plain, 0.05, 10_000);
  const narrow = confidenceSequence(adjusted, 0.05, 10_000);
  for (const { lower, upper } of [wide, narrow]) {
    expect(lower).toBeLessThan(0.2);
    expect(upper).toBeGreaterThan(0.2);
  }
  expect(narrow.lower).toBeGreaterThan(0);
  expect(narrow.upper - narrow.lower).toBeLessThan((wide.upper - wide.lower) / 3);
});

test('it may be looked at from 100 examples and 30 of each arm on', () => {
  expect(canTrustAsymptotics(30, 70)).toBe(true);
  expect(canTrustAsymptotics(29, 7000)).toBe(false);
  expect(canTrustAsymptotics(40, 59)).toBe(false);
});

test('bad arguments are refused by name', () => {
  expect(() => confidenceSequenceRadius(0, 0.05, 10)).toThrow(/^count must be/);
  for (const alpha of [0, 1, Number.NaN])
    expect(() => confidenceSequenceRadius(9, alpha, 10)).toThrow(/^alpha must be/);
  expect(() => confidenceSequenceRadius(9, 0.05, 0)).toThrow(/^tightestAt must be/);
  expect(() => confidenceSequence(NO_VALUES, 0.05, 10)).toThrow(RangeError);
});
