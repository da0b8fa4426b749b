import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventShareStage } from './event-share-e-process.ts';
import { eventHarmLogE, eventNonInferiorityLogE } from './event-share-e-process.ts';
import { expectClose } from './testing/expect-close.ts';
import { seededRandom } from './testing/seeded-random.ts';

const stage = (canaryShare: number, canaryEvents: number, totalEvents: number): EventShareStage => ({
  canaryShare,
  canaryEvents,
  totalEvents,
});

test('log e-values equal the worked examples', () => {
  const twoStages = eventHarmLogE([stage(0.01, 3, 40), stage(0.05, 4, 50)]);
  expect(Math.abs(twoStages - 1.3700023146)).toBeLessThan(1e-9);
  expect(Math.abs(eventHarmLogE([stage(0.1, 0, 10)]) + 1.3931656571)).toBeLessThan(1e-9);
});

test('no events are no evidence', () => {
  expect(eventHarmLogE([])).toBe(0);
  expect(eventHarmLogE([stage(0.5, 0, 0)])).toBe(0);
  expect(eventNonInferiorityLogE([], 1.25)).toBeCloseTo(0, 15);
});

const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const counts = fc.tuple(fc.nat(300), fc.nat(300));

test('stages of one share merge, and their order does not matter', () => {
  fc.assert(
    fc.property(share, counts, counts, share, (r, [k, rest], [l, others], s) => {
      const split = [stage(r, k, k + rest), stage(s, 2, 9), stage(r, l, l + others)];
      const merged = [stage(s, 2, 9), stage(r, k + l, k + l + rest + others)];
      expectClose(eventHarmLogE(split), eventHarmLogE(merged), 'harm');
      expectClose(eventNonInferiorityLogE(split, 1.5), eventNonInferiorityLogE(merged, 1.5), 'non-inferiority');
    }),
  );
});

test('more canary events are more evidence of harm, and less of the contrary', () => {
  fc.assert(
    fc.property(share, counts, (r, [k, rest]) => {
      const fewer = [stage(r, k, k + rest + 1)];
      const more = [stage(r, k + 1, k + rest + 1)];
      expect(eventHarmLogE(more)).toBeGreaterThan(eventHarmLogE(fewer));
      expect(eventNonInferiorityLogE(more, 1.2)).toBeLessThan(eventNonInferiorityLogE(fewer, 1.2));
    }),
  );
});

test('the next event is a fair bet at the null, and a losing one below it', () => {
  fc.assert(
    fc.property(share, counts, (r, [k, rest]) => {
      const now = eventHarmLogE([stage(r, k, k + rest)]);
      const canary = Math.exp(eventHarmLogE([stage(r, k + 1, k + rest + 1)]) - now);
      const champion = Math.exp(eventHarmLogE([stage(r, k, k + rest + 1)]) - now);
      expectClose(r * canary + (1 - r) * champion, 1, 'at the null');
      expect(0.8 * r * canary + (1 - 0.8 * r) * champion).toBeLessThanOrEqual(1 + 1e-12);
    }),
  );
});

/** Share of ramps (1 %, 5 %, 25 %) in which the process ever reaches 1/0.05, looking after each event. */
function simulate(seed: number, riskRatio: number, logEOf: (stages: readonly EventShareStage[]) => number): number {
  const random = seededRandom(seed);
  let alarms = 0;
  for (let run = 0; run < 200; run++) {
    const done: EventShareStage[] = [];
    let isAlarm = false;
    for (const r of [0.01, 0.05, 0.25]) {
      const canaryChance = (r * riskRatio) / (1 - r + r * riskRatio);
      let canaryEvents = 0;
      for (let total = 1; total <= 120; total++) {
        if (random.chance(canaryChance)) canaryEvents++;
        isAlarm ||= logEOf([...done, stage(r, canaryEvents, total)]) >= Math.log(20);
      }
      done.push(stage(r, canaryEvents, 120));
    }
    if (isAlarm) alarms++;
  }
  return alarms / 200;
}

test('false alarms under continuous looking stay within alpha, for both claims', () => {
  expect(simulate(41, 1, eventHarmLogE)).toBeLessThan(0.05);
  expect(simulate(42, 1.5, (stages) => eventNonInferiorityLogE(stages, 1.5))).toBeLessThan(0.05);
});

test('three times the risk is found, a tenth of the accepted risk is proved', () => {
  expect(simulate(43, 3, eventHarmLogE)).toBeGreaterThan(0.95);
  expect(simulate(44, 0.15, (stages) => eventNonInferiorityLogE(stages, 1.5))).toBeGreaterThan(0.95);
});

test('bad arguments are refused by name', () => {
  for (const r of [0, 1, Number.NaN]) expect(() => eventHarmLogE([stage(r, 0, 1)])).toThrow(/^stages\[0\].canaryShare/);
  expect(() => eventHarmLogE([stage(0.1, 0, 1), stage(0.1, -1, 1)])).toThrow(/^stages\[1\].canaryEvents/);
  expect(() => eventHarmLogE([stage(0.1, 2, 1)])).toThrow(/^stages\[0\].totalEvents/);
  expect(() => eventNonInferiorityLogE([], 0.9)).toThrow(/^ratioMargin must be/);
});
