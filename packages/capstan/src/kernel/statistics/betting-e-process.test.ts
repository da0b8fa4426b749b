import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRejected } from './anytime-evidence.ts';
import type { BettingProcess } from './betting-e-process.ts';
import { observeBounded, startBetting } from './betting-e-process.ts';
import { expectClose } from './testing/expect-close.ts';
import { seededRandom } from './testing/seeded-random.ts';

const PATTERN = [1, 0, 0, -1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1];

function observeAll(start: BettingProcess, observations: readonly number[]): BettingProcess {
  return observations.reduce(observeBounded, start);
}

test('log wealth equals the worked example', () => {
  const observations = Array.from({ length: 200 }, (_, i) => PATTERN[i % PATTERN.length] ?? 0);
  for (const [count, expected] of [
    [10, -0.3506730792],
    [50, 3.9395440732],
    [200, 20.577164539],
  ] as const) {
    const { logE } = observeAll(startBetting(0), observations.slice(0, count));
    expect(Math.abs(logE - expected)).toBeLessThan(1e-9);
  }
});

test('the bet follows the rule, up to the most that may be lost at the null mean', () => {
  const gainAfterTwentyOnes = (nullMean: number): number => {
    const before = observeAll(
      startBetting(nullMean),
      Array.from({ length: 20 }, () => 1),
    );
    return Math.expm1(observeBounded(before, 1).logE - before.logE);
  };
  // Mean 20/21, variance 0.25/21; the rule's bet of 2.09 is cut to 0.5 / 1.5, that of 0.68 is below 0.5 / 0.5.
  expectClose(gainAfterTwentyOnes(0.5), (0.5 / 1.5) * 0.5, 'cut');
  const edge = 20 / 21 + 0.5;
  expectClose(gainAfterTwentyOnes(-0.5), (edge / (0.25 / 21 + edge ** 2)) * 1.5, 'uncut');
});

const stream = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 60 });
const means = fc.double({ min: -0.99, max: 0.99, noNaN: true });

test('wealth stays positive, the maximum never falls, and stored states go on as if never stored', () => {
  fc.assert(
    fc.property(means, stream, stream, (mean, early, late) => {
      const whole = observeAll(startBetting(mean), [...early, ...late]);
      const stored: BettingProcess = JSON.parse(JSON.stringify(observeAll(startBetting(mean), early)));
      const resumed = observeAll(stored, late);
      expect(resumed.maxLogE).toBe(whole.maxLogE);
      expectClose(resumed.logE, whole.logE, 'resumed');
      expect(Number.isFinite(whole.logE)).toBe(true);
      expect(whole.maxLogE).toBeGreaterThanOrEqual(Math.max(0, whole.logE));
      expect(whole.count).toBe(early.length + late.length);
    }),
  );
});

test('one step is a fair bet at the null mean, whatever came before', () => {
  fc.assert(
    fc.property(means, stream, (mean, past) => {
      const before = observeAll(startBetting(mean), past);
      // An observation of 1 or -1 with expectation `mean`.
      const chance = (1 + mean) / 2;
      const up = Math.exp(observeBounded(before, 1).logE - before.logE);
      const down = Math.exp(observeBounded(before, -1).logE - before.logE);
      expectClose(chance * up + (1 - chance) * down, 1, `mean ${mean}`);
    }),
  );
});

/** Paired right-or-wrong differences: `better` and `worse` chances of +1 and -1. */
function simulate(
  seed: number,
  runs: number,
  length: number,
  plus: number,
  minus: number,
  start: BettingProcess,
): number {
  const random = seededRandom(seed);
  let rejections = 0;
  for (let run = 0; run < runs; run++) {
    let process = start;
    for (let i = 0; i < length && !isRejected(process, 0.05); i++) {
      const u = random.uniform();
      process = observeBounded(process, u < plus ? 1 : u < plus + minus ? -1 : 0);
    }
    if (isRejected(process, 0.05)) rejections++;
  }
  return rejections / runs;
}

test('false alarms under continuous looking stay within alpha', () => {
  expect(simulate(21, 400, 3000, 0.05, 0.05, startBetting(0))).toBeLessThan(0.05);
  // At the very edge of the non-inferiority null.
  expect(simulate(22, 400, 3000, 0.04, 0.06, startBetting(-0.02))).toBeLessThan(0.05);
});

test('harm is found, and non-inferiority proved', () => {
  expect(simulate(23, 100, 3000, 0.07, 0.03, startBetting(0))).toBeGreaterThan(0.95);
  expect(simulate(24, 100, 5000, 0.05, 0.05, startBetting(-0.02))).toBeGreaterThan(0.9);
});

test('bad arguments are refused by name and change nothing', () => {
  for (const mean of [-1, 1, Number.NaN]) expect(() => startBetting(mean)).toThrow(/^nullMean must be/);
  const before = Object.freeze(startBetting(0));
  for (const observation of [-1.01, 1.01, Number.NaN]) {
    expect(() => observeBounded(before, observation)).toThrow(/^observation must be/);
  }
  observeBounded(before, 1);
  expect(before).toEqual(startBetting(0));
});
