import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chiSquareSurvival } from './chi-square-distribution.ts';
import golden from './golden/comparisons.json' with { type: 'json' };
import { hashToUnit, murmur3Of } from './hash-unit.ts';

test('the hash is MurmurHash3', () => {
  for (const { text, seed, hash } of golden.murmur) expect(murmur3Of(text, seed), JSON.stringify(text)).toBe(hash);
});

test('values never change: a routing decision must survive an upgrade', () => {
  expect(hashToUnit('customer-42', 'rollout-1')).toBe(0.45774966948263185);
  expect(hashToUnit('', '')).toBe(5.943230574345648e-9);
});

/** Any code units, lone surrogates too. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

test('any text gives a number in [0, 1), always the same', () => {
  fc.assert(
    fc.property(anyText, anyText, (key, salt) => {
      const value = hashToUnit(key, salt);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      expect(hashToUnit(key, salt)).toBe(value);
    }),
  );
});

/** p-value of "uniform over the cells". */
function uniformity(values: readonly number[], cells: number): number {
  const counts = Array.from({ length: cells }, () => 0);
  for (const value of values) counts[Math.floor(value * cells)] = (counts[Math.floor(value * cells)] ?? 0) + 1;
  const expected = values.length / cells;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquareSurvival(statistic, cells - 1);
}

const keys = Array.from({ length: 50_000 }, (_, i) => `user-${i}`);

test('keys that differ little are spread evenly, in high and in low bits', () => {
  const values = keys.map((key) => hashToUnit(key, 'rollout'));
  expect(uniformity(values, 1024)).toBeGreaterThan(0.001);
  expect(
    uniformity(
      values.map((value) => (value * 2 ** 27) % 1),
      1024,
    ),
  ).toBeGreaterThan(0.001);
  expect(
    uniformity(
      values.map((value) => (value * 2 ** 43) % 1),
      1024,
    ),
  ).toBeGreaterThan(0.001);
  expect(new Set(values).size).toBe(keys.length);
});

test('another salt draws anew: the pair of values is uniform on the square', () => {
  const cells = keys.map((key) => {
    const [first, second] = [hashToUnit(key, 'rollout-1'), hashToUnit(key, 'rollout-2')];
    return (Math.floor(first * 32) + second) / 32;
  });
  expect(uniformity(cells, 1024)).toBeGreaterThan(0.001);
});

test('salt and key do not run into each other', () => {
  expect(hashToUnit('bc', 'a')).not.toBe(hashToUnit('c', 'ab'));
});
