/**
 * Betting e-process for the mean of bounded observations.
 *
 * Owns the process; `paired-loss-test.ts` applies it to a shadow. Null hypothesis: the mean of the observations, each
 * in [-1, 1], given the past, is at most `nullMean`. Exact for any distribution and any sample size. The order of
 * observations must be fixed before their values are known (say, by request), and is part of the result: states of two
 * halves cannot be merged.
 */
import type { Evidence } from './anytime-evidence.ts';
import { NO_EVIDENCE } from './anytime-evidence.ts';

/** Never bet more than this share of what may be lost, so that wealth stays positive. */
const MAX_BET_SHARE = 0.5;

/** Everything the next observation needs; plain JSON, replaced (never changed) by each observation. */
export interface BettingProcess extends Evidence {
  readonly nullMean: number;
  readonly count: number;
  readonly sum: number;
  /** Sum of squared distances of each observation from the running mean that includes it. */
  readonly squaredResiduals: number;
}

/** A process that has seen nothing. Throws RangeError unless -1 < nullMean < 1. */
export function startBetting(nullMean: number): BettingProcess {
  if (!(nullMean > -1 && nullMean < 1)) throw new RangeError(`nullMean must be in (-1, 1), got ${nullMean}`);
  return { ...NO_EVIDENCE, nullMean, count: 0, sum: 0, squaredResiduals: 0 };
}

/** The stake for the next observation, from those before it only: that is what makes the process valid. */
function nextBet({ nullMean, count, sum, squaredResiduals }: BettingProcess): number {
  const mean = sum / (count + 1);
  const variance = (0.25 + squaredResiduals) / (count + 1);
  const edge = mean - nullMean;
  return Math.min(MAX_BET_SHARE / (1 + nullMean), Math.max(0, edge / (variance + edge * edge)));
}

/**
 * The process after one more observation in [-1, 1].
 *
 * Wealth is multiplied by 1 + bet * (observation - nullMean), the bet by the aGRAPA rule with one invisible observation
 * of mean 0 and variance 1/4. Source: I. Waudby-Smith and A. Ramdas, JRSS B 86 (2024), section B.3. Throws RangeError
 * when the observation is outside [-1, 1] or NaN.
 */
export function observeBounded(before: BettingProcess, observation: number): BettingProcess {
  if (!(observation >= -1 && observation <= 1)) {
    throw new RangeError(`observation must be in [-1, 1], got ${observation}`);
  }
  const logE = before.logE + Math.log1p(nextBet(before) * (observation - before.nullMean));
  const count = before.count + 1;
  const sum = before.sum + observation;
  return {
    nullMean: before.nullMean,
    count,
    sum,
    squaredResiduals: before.squaredResiduals + (observation - sum / count) ** 2,
    logE,
    maxLogE: Math.max(before.maxLogE, logE),
  };
}
