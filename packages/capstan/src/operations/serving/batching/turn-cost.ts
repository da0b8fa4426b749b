/** What one request costs the event loop, in ms, where turns of it are all that is seen: those that are let in, and those that are refused. */
export interface TurnCost {
  /** A turn with so many of each took so long. */
  observe(turn: { readonly admitted: number; readonly refused: number; readonly ms: number }): void;
  admittedMs(): number;
  refusedMs(): number;
}

/** Of what was seen before, in what is seen after one more turn. */
const KEPT = 0.9;
/** Of a request that is refused to one that is answered, while turns do not tell: measured with a small model. */
const PRIOR_RATIO = 0.1;
/** How much the ratio counts beside what was seen: as one turn with one more of them. */
const PRIOR_WEIGHT = 1;
/** A turn that took more than this beside what it should have is taken for so much: one stall says little of the next. */
const MOST_RISE = 4;
const LEAST_STALL_MS = 0.1;

/**
 * Least squares over the last turns, weighted by age: ms = admitted·a + refused·r, neither negative, with a weak prior
 * that r = a·PRIOR_RATIO. Both are fitted, since a refusal beside a quick model costs a quarter of an answer, and beside a
 * slow one a hundredth: with a fixed ratio refusals seem to make answers dear, which refuses more.
 */
export function createTurnCost(): TurnCost {
  let sums = { aa: 0, ar: 0, rr: 0, at: 0, rt: 0 };
  let cost = { admitted: 0, refused: 0 };

  function solve(): typeof cost {
    const aa = sums.aa + PRIOR_WEIGHT * PRIOR_RATIO ** 2;
    const ar = sums.ar - PRIOR_WEIGHT * PRIOR_RATIO;
    const rr = sums.rr + PRIOR_WEIGHT;
    const determinant = aa * rr - ar * ar;
    if (determinant < 1e-9) return cost;
    const admitted = (sums.at * rr - sums.rt * ar) / determinant;
    const refused = (sums.rt * aa - sums.at * ar) / determinant;
    if (admitted < 0) return { admitted: 0, refused: Math.max(0, sums.rt / rr) };
    return refused < 0 ? { admitted: Math.max(0, sums.at / aa), refused: 0 } : { admitted, refused };
  }

  return {
    observe({ admitted, refused, ms }) {
      const expected = admitted * cost.admitted + refused * cost.refused;
      const taken = sums.aa === 0 ? ms : Math.min(ms, expected * MOST_RISE + LEAST_STALL_MS * (admitted + refused));
      sums = {
        aa: sums.aa * KEPT + admitted * admitted,
        ar: sums.ar * KEPT + admitted * refused,
        rr: sums.rr * KEPT + refused * refused,
        at: sums.at * KEPT + admitted * taken,
        rt: sums.rt * KEPT + refused * taken,
      };
      cost = solve();
    },
    admittedMs: () => cost.admitted,
    refusedMs: () => cost.refused,
  };
}
