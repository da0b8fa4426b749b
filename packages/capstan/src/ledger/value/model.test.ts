import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baselineAt } from './baseline.ts';
import { periodOf } from './model.ts';

const DAY = 86_400_000;

describe('periods', () => {
  test.each([
    ['month', '2013-05-31T23:59:59.999Z', '2013-05'],
    ['month', '1969-12-31T23:00:00Z', '1969-12'],
    ['week', '1970-01-01T00:00:00Z', '1970-W01'],
    ['week', '2021-01-03T23:59:59Z', '2020-W53'],
    ['week', '2019-12-30T00:00:00Z', '2020-W01'],
    ['day', '2013-05-01T12:00:00Z', '2013-05-01'],
    ['day', '1969-12-31T12:00:00Z', '1969-12-31'],
  ] as const)('%s of %s is %s', (by, time, key) => expect(periodOf(by, Date.parse(time)).key).toBe(key));

  test('hold their instants and follow each other without a gap, each under a name of its own', () => {
    const instants = fc.integer({ min: -9_000 * DAY, max: 30_000 * DAY });
    fc.assert(
      fc.property(fc.constantFrom('month', 'week', 'day'), instants, (by, at) => {
        const { key, from, before } = periodOf(by, at);
        expect((from ?? at) <= at && at < (before ?? at)).toBe(true);
        expect(periodOf(by, from ?? 0).key).toBe(key);
        expect(periodOf(by, (before ?? 0) - 1).key).toBe(key);
        const next = periodOf(by, before ?? 0);
        expect(next.from).toBe(before);
        expect(next.key).not.toBe(key);
      }),
    );
  });
});

test('the baseline knows the outcomes received before, and no other', () => {
  const received = fc.array(fc.record({ at: fc.integer({ min: 0, max: 30 }), label: fc.integer({ min: 0, max: 1 }) }));
  fc.assert(
    fc.property(received, fc.integer({ min: 0, max: 31 }), (outcomes, time) => {
      const upTo = (at: number) => outcomes.filter((outcome) => outcome.at <= at);
      const positives = (some: typeof outcomes) => some.filter(({ label }) => label === 1).length;
      const instants = [...new Set(outcomes.map(({ at }) => at))].toSorted((a, b) => a - b);
      const arrivals = instants.map((at) => ({ at, outcomes: upTo(at).length, positives: positives(upTo(at)) }));
      const before = outcomes.filter(({ at }) => at < time);
      expect(baselineAt(arrivals, time)).toBe(
        before.length === 0 ? null : (positives(before) + 1) / (before.length + 2),
      );
    }),
  );
});
