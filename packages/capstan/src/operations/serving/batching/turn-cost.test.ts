import { describe, expect, it } from 'vitest';
import { createTurnCost } from './turn-cost.ts';

/** Park and Miller's generator: each run sees the same turns. */
function randoms(): (below: number) => number {
  let state = 20_261_129;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('what requests cost a turn', () => {
  it.each([
    [0.28, 0.05],
    [0.94, 0.05],
    [0.05, 0.05],
    [40, 0.03],
  ])('%d ms for an answer and %d ms for a refusal are told apart', (answer, refusal) => {
    const random = randoms();
    const cost = createTurnCost();
    for (let turn = 0; turn < 100; turn++) {
      const [admitted, refused] = [1 + random(20), random(500)];
      const noise = 0.9 + random(200) / 1_000;
      cost.observe({ admitted, refused, ms: (admitted * answer + refused * refusal) * noise });
    }
    // What matters is what a turn would cost: one of few of each, and one of many.
    for (const [admitted, refused] of [
      [10, 250],
      [20, 500],
    ] as const) {
      const is = admitted * answer + refused * refusal;
      const told = admitted * cost.admittedMs() + refused * cost.refusedMs();
      expect(Math.abs(told / is - 1)).toBeLessThan(0.15);
    }
  });

  it('where nothing is refused, the mean is what one costs', () => {
    const cost = createTurnCost();
    for (let turn = 1; turn < 50; turn++) cost.observe({ admitted: turn, refused: 0, ms: turn * 2 });
    expect(cost.admittedMs()).toBeCloseTo(2, 1);
    expect(cost.refusedMs()).toBeCloseTo(0.2, 1);
  });

  it('many refusals do not make answers seem dear', () => {
    const cost = createTurnCost();
    for (let turn = 0; turn < 50; turn++) cost.observe({ admitted: 10, refused: 0, ms: 10 * 0.28 });
    for (let turn = 0; turn < 200; turn++) {
      const refused = 600 + (turn % 7) * 30;
      cost.observe({ admitted: 1, refused, ms: 0.28 + refused * 0.05 });
    }
    expect(cost.admittedMs()).toBeLessThan(3);
    expect(cost.refusedMs()).toBeCloseTo(0.05, 2);
  });

  it('is never negative, and forgets one stall', () => {
    const cost = createTurnCost();
    for (let turn = 0; turn < 50; turn++) cost.observe({ admitted: 1 + (turn % 3), refused: turn % 2, ms: 1 });
    expect(Math.min(cost.admittedMs(), cost.refusedMs())).toBeGreaterThanOrEqual(0);
    const before = cost.admittedMs();
    cost.observe({ admitted: 1, refused: 0, ms: 5_000 });
    expect(cost.admittedMs()).toBeLessThan(before * 3);
  });
});
