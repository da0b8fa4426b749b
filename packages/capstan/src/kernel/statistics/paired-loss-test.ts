/**
 * Champion and canary answer the same requests: is the canary worse, and is it proved not worse?
 *
 * Owns the two opposite claims over one stream of loss pairs. "No harm seen" is not "no harm": a rollback follows from
 * `harm`, a promotion only from `nonInferiority`. Called by rollouts in shadow, and wherever both arms have a loss for
 * the same example.
 */
import { requireNonNegative, requireOpenUnit, requirePositive } from './argument-checks.ts';
import type { BettingProcess } from './betting-e-process.ts';
import { observeBounded, startBetting } from './betting-e-process.ts';

/** Plain JSON, replaced (never changed) by each pair. */
export interface PairedLossTest {
  /** Losses above this count as this: it is what bounds the test. 1 for right-or-wrong. */
  readonly lossCap: number;
  /** Pairs in which a loss was above the cap; if these are many, the claims are about the capped loss only. */
  readonly cappedPairs: number;
  /** Null hypothesis: the canary's mean loss is at most the champion's. */
  readonly harm: BettingProcess;
  /** Null hypothesis: the canary's mean loss exceeds the champion's by the margin or more. */
  readonly nonInferiority: BettingProcess;
}

/**
 * A test that has seen nothing.
 *
 * `lossCap` > 0 is in units of the loss; `margin`, in the same units, is the worsening still accepted for promotion,
 * with 0 < margin < lossCap. Both must be chosen before losses are seen. Throws RangeError.
 */
export function startPairedLossTest(lossCap: number, margin: number): PairedLossTest {
  requirePositive('lossCap', lossCap);
  requireOpenUnit('margin / lossCap', margin / lossCap);
  return { lossCap, cappedPairs: 0, harm: startBetting(0), nonInferiority: startBetting(-margin / lossCap) };
}

/** The test after one more example with both losses, each 0 or more, in units of the loss. Throws RangeError. */
export function observeLossPair(before: PairedLossTest, canaryLoss: number, championLoss: number): PairedLossTest {
  requireNonNegative('canaryLoss', canaryLoss);
  requireNonNegative('championLoss', championLoss);
  const { lossCap } = before;
  const difference = (Math.min(canaryLoss, lossCap) - Math.min(championLoss, lossCap)) / lossCap;
  const isCapped = canaryLoss > lossCap || championLoss > lossCap;
  return {
    lossCap,
    cappedPairs: before.cappedPairs + (isCapped ? 1 : 0),
    harm: observeBounded(before.harm, difference),
    nonInferiority: observeBounded(before.nonInferiority, -difference),
  };
}
