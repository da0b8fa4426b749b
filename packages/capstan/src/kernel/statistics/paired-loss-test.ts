/**
 * Champion and canary answer the same requests: is the canary worse, and is it proved not worse?
 *
 * Owns the two opposite claims over one stream of loss pairs, with one margin between them: a rollback follows from
 * `harm`, worse by more than the margin, a promotion only from `nonInferiority`, worse by less. "No harm seen" is not "no
 * harm". Examples that come together share their day's weather, so that a candidate better on most days is worse than the
 * champion on some by as much as noise allows: with no margin, such a day alone would end it. Called by rollouts in shadow,
 * and wherever both arms have a loss for the same example.
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
  /** Null hypothesis: the canary's mean loss exceeds the champion's by the margin at most. */
  readonly harm: BettingProcess;
  /** Null hypothesis: the canary's mean loss exceeds the champion's by the margin or more. */
  readonly nonInferiority: BettingProcess;
}

/**
 * A test that has seen nothing.
 *
 * `lossCap` > 0 is in units of the loss; `margin`, in the same units, is the worsening that is still accepted,
 * with 0 < margin < lossCap. Both must be chosen before losses are seen. Throws RangeError.
 */
export function startPairedLossTest(lossCap: number, margin: number): PairedLossTest {
  requirePositive('lossCap', lossCap);
  requireOpenUnit('margin / lossCap', margin / lossCap);
  const share = margin / lossCap;
  return { lossCap, cappedPairs: 0, harm: startBetting(share), nonInferiority: startBetting(-share) };
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
