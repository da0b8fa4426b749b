/**
 * Sequential McNemar test: right-or-wrong answers of two models to the same requests.
 *
 * Owns the test on discordant pairs. Called by rollouts in shadow with 0/1 losses; state is two whole numbers, so it
 * merges and replays, unlike the betting process, which is sharper when most pairs agree.
 */
import { requireInteger } from './argument-checks.ts';
import type { ShareAlternative } from './beta-mixture.ts';
import { betaMixtureLogE } from './beta-mixture.ts';

/** Pairs on which exactly one of the two was wrong. */
export interface DiscordantPairs {
  readonly onlyCanaryWrong: number;
  readonly onlyChampionWrong: number;
}

/** A uniform mixture over the share. */
const CONCENTRATION = 2;

/**
 * Log e-value against "a discordant pair is as often the canary's fault as the champion's" (`different`), or "at most
 * as often" (`greater`: rejecting it means that the canary is worse). Reject once it reaches ln(1/alpha), at whatever
 * time. Throws RangeError on negative or broken counts.
 */
export function mcnemarLogE(pairs: DiscordantPairs, alternative: ShareAlternative = 'different'): number {
  requireInteger('onlyCanaryWrong', pairs.onlyCanaryWrong, 0);
  requireInteger('onlyChampionWrong', pairs.onlyChampionWrong, 0);
  const trials = pairs.onlyCanaryWrong + pairs.onlyChampionWrong;
  return betaMixtureLogE({ successes: pairs.onlyCanaryWrong, trials }, 0.5, CONCENTRATION, alternative);
}
