import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { betaMixtureLogE } from './beta-mixture.ts';
import golden from './golden/comparisons.json' with { type: 'json' };
import { sampleRatioLogE } from './sample-ratio.ts';
import { mcnemarLogE } from './sequential-mcnemar.ts';
import { expectClose } from './testing/expect-close.ts';
import { seededRandom } from './testing/seeded-random.ts';

describe('the mixture', () => {
  test('equals its definition at 50 digits, up to a billion trials', () => {
    for (const { successes, trials, share, concentration, logE } of golden.betaMixture) {
      const actual = betaMixtureLogE({ successes, trials }, share, concentration, 'different');
      expectClose(actual, logE, `${successes} of ${trials} at ${share}`);
    }
  });

  test('one-sided, equals the worked examples', () => {
    for (const [successes, expected] of [
      [9, 1.77764],
      [15, 5.34265],
      [3, -0.12374],
    ] as const) {
      const logE = betaMixtureLogE({ successes, trials: 30 }, 0.1, 100, 'greater');
      expect(Math.abs(logE - expected)).toBeLessThan(5e-6);
    }
  });

  test('the next trial is a fair bet at the null; one-sided, a losing one below it', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(share, fc.nat(50), fc.nat(50), (r, successes, failures) => {
        const trials = successes + failures;
        for (const alternative of ['different', 'greater'] as const) {
          const at = (k: number, n: number): number => betaMixtureLogE({ successes: k, trials: n }, r, 10, alternative);
          const win = Math.exp(at(successes + 1, trials + 1) - at(successes, trials));
          const lose = Math.exp(at(successes, trials + 1) - at(successes, trials));
          expectClose(r * win + (1 - r) * lose, 1, `${alternative}, ${successes}/${trials} at ${r}`);
          if (alternative === 'greater') expect(0.7 * r * win + (1 - 0.7 * r) * lose).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });

  test('bad arguments are refused by name', () => {
    expect(() => betaMixtureLogE({ successes: -1, trials: 1 }, 0.5, 2, 'greater')).toThrow(/^successes must be/);
    expect(() => betaMixtureLogE({ successes: 2, trials: 1 }, 0.5, 2, 'greater')).toThrow(/^trials must be/);
    expect(() => betaMixtureLogE({ successes: 0, trials: 1 }, 1, 2, 'greater')).toThrow(/^share must be/);
    expect(() => betaMixtureLogE({ successes: 0, trials: 1 }, 0.5, 0, 'greater')).toThrow(/^concentration must be/);
  });
});

describe('sample ratio', () => {
  const stage = (canaryShare: number, canaryRequests: number, totalRequests: number) => ({
    canaryShare,
    canaryRequests,
    totalRequests,
  });

  test('equals the worked example, and adds over stages', () => {
    expect(Math.abs(sampleRatioLogE([stage(0.9, 240, 300)]) - 9.5227128679)).toBeLessThan(1e-9);
    expect(sampleRatioLogE([])).toBe(0);
    const both = sampleRatioLogE([stage(0.01, 5, 300), stage(0.1, 30, 300)]);
    expectClose(both, sampleRatioLogE([stage(0.01, 5, 300)]) + sampleRatioLogE([stage(0.1, 30, 300)]), 'sum');
  });

  test('swapping the arms changes nothing', () => {
    expectClose(sampleRatioLogE([stage(0.75, 700, 1000)]), sampleRatioLogE([stage(0.25, 300, 1000)]), 'swapped');
  });

  test('false alarms stay within alpha; a split that leaks is found', () => {
    const alarmsAt = (trueShare: number, seed: number): number => {
      const random = seededRandom(seed);
      let alarms = 0;
      for (let run = 0; run < 200; run++) {
        let canary = 0;
        for (let total = 1; total <= 2000; total++) {
          if (random.chance(trueShare)) canary++;
          if (sampleRatioLogE([stage(0.1, canary, total)]) >= Math.log(20)) {
            alarms++;
            break;
          }
        }
      }
      return alarms / 200;
    };
    expect(alarmsAt(0.1, 51)).toBeLessThan(0.05);
    expect(alarmsAt(0.13, 52)).toBeGreaterThan(0.8);
  });

  test('bad arguments are refused by name', () => {
    expect(() => sampleRatioLogE([stage(0, 1, 2)])).toThrow(/^stages\[0\].canaryShare/);
    expect(() => sampleRatioLogE([stage(0.5, 3, 2)])).toThrow(/^stages\[0\].totalRequests/);
    expect(() => sampleRatioLogE([stage(0.5, 1, 2), stage(0.5, -1, 2)])).toThrow(/^stages\[1\].canaryRequests/);
  });
});

describe('sequential McNemar', () => {
  test('equals the worked examples', () => {
    const logE = (k: number, n: number): number => mcnemarLogE({ onlyCanaryWrong: k, onlyChampionWrong: n - k });
    expect(Math.abs(logE(15, 20) - 1.1695678393)).toBeLessThan(1e-9);
    expect(Math.abs(logE(28, 40) - 1.5686330738)).toBeLessThan(1e-9);
    expect(logE(0, 0)).toBeCloseTo(0, 15);
  });

  test('two-sided is symmetric; one-sided looks only at the canary', () => {
    const pairs = { onlyCanaryWrong: 30, onlyChampionWrong: 8 };
    const mirrored = { onlyCanaryWrong: 8, onlyChampionWrong: 30 };
    expectClose(mcnemarLogE(pairs), mcnemarLogE(mirrored), 'mirrored');
    expect(mcnemarLogE(pairs, 'greater')).toBeGreaterThan(mcnemarLogE(pairs));
    expect(mcnemarLogE(mirrored, 'greater')).toBeLessThan(0);
  });

  test('false alarms under continuous looking stay within alpha', () => {
    const random = seededRandom(53);
    const alarms = { different: 0, greater: 0 };
    for (let run = 0; run < 300; run++) {
      const largest = { different: 0, greater: 0 };
      let onlyCanaryWrong = 0;
      for (let total = 1; total <= 600; total++) {
        if (random.chance(0.5)) onlyCanaryWrong++;
        const pairs = { onlyCanaryWrong, onlyChampionWrong: total - onlyCanaryWrong };
        largest.different = Math.max(largest.different, mcnemarLogE(pairs, 'different'));
        largest.greater = Math.max(largest.greater, mcnemarLogE(pairs, 'greater'));
      }
      if (largest.different >= Math.log(20)) alarms.different++;
      if (largest.greater >= Math.log(20)) alarms.greater++;
    }
    expect(alarms.different / 300).toBeLessThan(0.05);
    expect(alarms.greater / 300).toBeLessThan(0.05);
  });

  test('bad arguments are refused by name', () => {
    expect(() => mcnemarLogE({ onlyCanaryWrong: -1, onlyChampionWrong: 0 })).toThrow(/^onlyCanaryWrong must be/);
    expect(() => mcnemarLogE({ onlyCanaryWrong: 1, onlyChampionWrong: 0.5 })).toThrow(/^onlyChampionWrong must be/);
  });
});
