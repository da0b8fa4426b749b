import { describe, expect, test } from 'vitest';
import { accessionsOf, reignsOf } from './reigns.ts';

describe('when revisions were champion', () => {
  test('each reign ends where the next begins, and the last one lasts', () => {
    const promotions = [
      { revision: 1, at: 10 },
      { revision: 2, at: 20 },
      { revision: 3, at: 40 },
    ];
    const reigns = reignsOf(accessionsOf(promotions, [{ revision: 1, at: 30 }]));
    expect(Object.fromEntries(reigns)).toEqual({
      1: [
        { from: 10, to: 20 },
        { from: 30, to: 40 },
      ],
      2: [{ from: 20, to: 30 }],
      3: [{ from: 40, to: null }],
    });
  });

  test('a rollback comes after the promotions of the same time', () => {
    const promotions = [
      { revision: 1, at: 10 },
      { revision: 2, at: 10 },
    ];
    expect(
      reignsOf(accessionsOf(promotions, [{ revision: 1, at: 10 }]))
        .get(1)
        ?.at(-1),
    ).toEqual({ from: 10, to: null });
  });
});
