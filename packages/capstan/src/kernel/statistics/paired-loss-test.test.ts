import { expect, test } from 'vitest';
import { isRejected } from './anytime-evidence.ts';
import { observeBounded, startBetting } from './betting-e-process.ts';
import type { PairedLossTest } from './paired-loss-test.ts';
import { observeLossPair, startPairedLossTest } from './paired-loss-test.ts';
import { expectClose } from './testing/expect-close.ts';
import { seededRandom } from './testing/seeded-random.ts';

function run(seed: number, length: number, canaryErrorRate: number): PairedLossTest {
  const random = seededRandom(seed);
  let state = startPairedLossTest(1, 0.1);
  for (let i = 0; i < length; i++) {
    state = observeLossPair(state, random.chance(canaryErrorRate) ? 1 : 0, random.chance(0.1) ? 1 : 0);
  }
  return state;
}

test('a worse canary is harm, an equal one is proved not inferior, and never the other way round', () => {
  const worse = run(31, 2000, 0.3);
  expect([isRejected(worse.harm, 0.05), isRejected(worse.nonInferiority, 0.05)]).toEqual([true, false]);
  const equal = run(32, 2000, 0.1);
  expect([isRejected(equal.harm, 0.05), isRejected(equal.nonInferiority, 0.05)]).toEqual([false, true]);
});

test('one that is worse by less than the margin is no harm, however long one looks', () => {
  const within = run(33, 20_000, 0.15);
  expect([isRejected(within.harm, 0.05), isRejected(within.nonInferiority, 0.05)]).toEqual([false, true]);
});

test('losses are scaled by the cap, and those above it are cut and counted', () => {
  let state = startPairedLossTest(4, 0.4);
  state = observeLossPair(state, 3, 1);
  expect(state).toMatchObject({
    cappedPairs: 0,
    harm: { sum: 0.5, nullMean: 0.1 },
    nonInferiority: { sum: -0.5, nullMean: -0.1 },
  });
  state = observeLossPair(state, 9, 2);
  expect(state).toMatchObject({ cappedPairs: 1, harm: { sum: 1, count: 2 } });
  const harm = [0.5, 0.5].reduce(observeBounded, startBetting(0.1));
  expectClose(state.harm.logE, harm.logE, 'harm');
});

test('bad arguments are refused by name', () => {
  expect(() => startPairedLossTest(0, 0.1)).toThrow(/^lossCap must be/);
  for (const margin of [0, 1, 2, Number.NaN]) expect(() => startPairedLossTest(1, margin)).toThrow(/^margin/);
  const state = startPairedLossTest(1, 0.1);
  expect(() => observeLossPair(state, -1, 0)).toThrow(/^canaryLoss must be/);
  expect(() => observeLossPair(state, 0, Number.NaN)).toThrow(/^championLoss must be/);
});
