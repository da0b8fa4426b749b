import { expect, test } from 'vitest';
import { judgePerformance, type LossPair } from './performance.ts';

function pairs(count: number, advantage: number): LossPair[] {
  // Losses that swing by 0.2 around their means, so that the interval has a width.
  return Array.from({ length: count }, (_, index) => ({
    modelLoss: 0.5 - advantage + (index % 2 === 0 ? 0.2 : -0.2),
    baselineLoss: 0.5,
  }));
}

test('better than the baseline beyond noise is healthy', () => {
  const judgement = judgePerformance(pairs(6_000, 0.03), 6_100);
  expect(judgement).toMatchObject({ verdict: 'healthy', labels: 6_000 });
  expect(judgement.modelLoss).toBeCloseTo(0.47, 10);
  expect(judgement.difference?.upper).toBeLessThan(0);
  expect(judgement.coverage).toBeCloseTo(6_000 / 6_100, 12);
});

test.each([
  ['worse', -0.03],
  ['better, but within noise', 0.001],
])('%s is decayed', (_, advantage) => {
  expect(judgePerformance(pairs(6_000, advantage), 6_000).verdict).toBe('decayed');
});

test('too few labels are unknown', () => {
  expect(judgePerformance(pairs(499, 0.1), 6_000)).toMatchObject({ verdict: 'unknown', modelLoss: null });
  expect(judgePerformance([], 0)).toMatchObject({ verdict: 'unknown', coverage: 0 });
});
