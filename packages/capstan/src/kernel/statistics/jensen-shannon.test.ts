import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from './golden/comparisons.json' with { type: 'json' };
import { jensenShannonDistance } from './jensen-shannon.ts';
import { expectClose } from './testing/expect-close.ts';

test('equal to scipy.spatial.distance.jensenshannon, and exact for nearly equal shares', () => {
  for (const { reference, current, distance } of golden.jensenShannon) {
    expectClose(jensenShannonDistance(reference, current), distance, `${reference.join()} | ${current.join()}`);
  }
});

const counts = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 }).filter((list) => list.some((count) => count > 0));

test('the distance is symmetric, within [0, 1], zero for equal shares, and obeys the triangle inequality', () => {
  fc.assert(
    fc.property(counts, counts, counts, (a, b, c) => {
      const distance = jensenShannonDistance(a, b);
      expectClose(jensenShannonDistance(b, a), distance, 'swapped');
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThanOrEqual(1);
      const tripled = a.map((count) => count * 3);
      expect(jensenShannonDistance(a, tripled)).toBeLessThan(1e-15);
      expect(distance).toBeLessThanOrEqual(jensenShannonDistance(a, c) + jensenShannonDistance(c, b) + 1e-12);
    }),
  );
});

test('bad counts are refused by name', () => {
  expect(() => jensenShannonDistance([1, Number.NaN], [1, 1])).toThrow(/^reference\[1\]/);
  expect(() => jensenShannonDistance([1, 1], [1, -1])).toThrow(/^current\[1\]/);
  expect(() => jensenShannonDistance([1], [1, 1])).toThrow(/same length/);
  expect(() => jensenShannonDistance([1], [0])).toThrow(/^current must count/);
});
