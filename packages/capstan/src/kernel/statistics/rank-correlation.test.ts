import { expect, test } from 'vitest';
import golden from './golden/rank-correlation.json' with { type: 'json' };
import { rankCorrelation, ranks } from './rank-correlation.ts';
import { expectClose } from './testing/expect-close.ts';

test('equal to scipy.stats.rankdata and spearmanr, with ties', () => {
  for (const { first, second, ranks: ranked, value } of golden.spearman) {
    expect(ranks(first)).toEqual(ranked);
    expectClose(rankCorrelation(first, second) ?? NaN, value, first.join());
  }
});

test('there is none where one list is constant', () => {
  expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeUndefined();
  expect(rankCorrelation([], [])).toBeUndefined();
});
