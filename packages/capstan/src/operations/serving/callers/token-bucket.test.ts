import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QUOTA_PERIODS_MS, type Quota } from '@capstan/api';
import { TokenBucket } from './token-bucket.ts';

const quotas = fc.record({
  amount: fc.integer({ min: 1, max: 1_000 }),
  unit: fc.constant<Quota['unit']>('rows'),
  per: fc.constantFrom<Quota['per']>('second', 'minute', 'hour', 'day'),
});
/** Costs as parts of the quota, and times as parts of its period. */
const calls = fc.array(
  fc.record({ cost: fc.double({ min: 0, max: 1, noNaN: true }), pause: fc.double({ min: 0, max: 1, noNaN: true }) }),
  {
    minLength: 1,
    maxLength: 60,
  },
);
const costOf = (quota: Quota, part: number): number => Math.max(1, Math.round(part * quota.amount));

test('in no stretch of time it lets more through than what it holds and what it fills by', () => {
  fc.assert(
    fc.property(quotas, calls, fc.integer({ min: 1, max: 5 }), (quota, asked, processes) => {
      const bucket = new TokenBucket(quota, 1 / processes, 0);
      const period = QUOTA_PERIODS_MS[quota.per];
      const taken: { at: number; cost: number }[] = [];
      let now = 0;
      for (const { cost: part, pause } of asked) {
        now += pause * period;
        const cost = costOf(quota, part);
        if (bucket.take(cost, now) === 0) taken.push({ at: now, cost });
      }
      for (const [from, first] of taken.entries()) {
        let sum = 0;
        for (const { at, cost } of taken.slice(from)) {
          sum += cost;
          // A process that has part of the quota lets one request past it that is not larger than the whole.
          const held = processes === 1 ? quota.amount : quota.amount / processes + quota.amount;
          const filled = ((at - first.at) / period) * (quota.amount / processes);
          expect(sum).toBeLessThanOrEqual(held + filled + 1e-3);
        }
      }
    }),
  );
});

test('what is refused is taken after the time it says, and not sooner', () => {
  fc.assert(
    fc.property(quotas, calls, fc.integer({ min: 1, max: 5 }), (quota, asked, processes) => {
      const bucket = new TokenBucket(quota, 1 / processes, 0);
      let now = 0;
      for (const { cost: part } of asked) {
        const cost = costOf(quota, part);
        const waitMs = bucket.take(cost, now);
        if (waitMs === 0) continue;
        expect(bucket.waitMs(cost, now + waitMs * 0.9)).toBeGreaterThan(0);
        now += waitMs;
        expect(bucket.take(cost, now)).toBe(0);
      }
    }),
  );
});

test('all processes together let the quota through over time, whatever the size of requests', () => {
  const quota: Quota = { amount: 10, unit: 'rows', per: 'second' };
  for (const cost of [1, 3, 7, 10]) {
    const buckets = [0, 1, 2].map(() => new TokenBucket(quota, 1 / 3, 0));
    let taken = 0;
    for (let now = 0; now < 100_000; now += 10) {
      for (const bucket of buckets) if (bucket.take(cost, now) === 0) taken += cost;
    }
    expect(taken).toBeGreaterThan(980);
    expect(taken).toBeLessThanOrEqual(1_000 + 3 * (10 + 10 / 3));
  }
});

test('another share holds from then on, and what was known too late is paid back', () => {
  const quota: Quota = { amount: 100, unit: 'rows', per: 'second' };
  const bucket = new TokenBucket(quota, 1, 0);
  bucket.share(0.5, 0);
  expect([bucket.take(50, 0), bucket.left(0)]).toEqual([0, 0]);
  expect(bucket.waitMs(1, 0)).toBeCloseTo(20);
  bucket.charge(49);
  expect(bucket.waitMs(1, 0)).toBeCloseTo(1_000);
  // A clock that goes back fills nothing.
  expect(bucket.waitMs(1, -5_000)).toBeCloseTo(1_000);
});
