import type { RolloutCheck, RolloutStage } from '@capstan/api';
import { canTrustAsymptotics, confidenceSequence } from '#kernel/statistics/asymptotic-confidence-sequence';
import type { EvidenceState } from './evidence.ts';
import { harmChecks, harmLimit, type RolloutPolicy } from './policy.ts';

/** How losses of the two arms are compared: by pairs where a shadow runs, else by weighting the split. */
export type LossDesign = 'pairs' | 'weighting';

export function lossDesignOf(plan: readonly RolloutStage[]): LossDesign {
  return plan.some((stage) => stage.kind === 'shadow') ? 'pairs' : 'weighting';
}

/**
 * The harm checks as they stand. `fail` means proved harm at the check's part of alpha; `pass` means no harm was
 * proved, which alone never promotes; `unknown` means that nothing was seen that could tell.
 */
export function judgeHarm(state: EvidenceState, policy: RolloutPolicy, design: LossDesign): RolloutCheck[] {
  const limit = harmLimit(policy);
  return harmChecks(policy).map((check) => {
    switch (check) {
      case 'errors': {
        const n = state.failures.reduce((sum, stage) => sum + stage.totalEvents, 0);
        return eCheck(check, state.failureEvidence.maxLogE, limit, n, 'failed requests of either arm');
      }
      case 'error-rate':
        return eCheck(
          check,
          state.failureRate.maxLogE,
          limit,
          state.failureRate.count,
          `requests to the candidate, against a failure rate of ${policy.maxErrorRate}`,
        );
      case 'latency': {
        const n = state.slow.reduce((sum, stage) => sum + stage.totalEvents, 0);
        const slower =
          state.slowAboveUs === null ? 'slow answers' : `answers slower than ${Math.round(state.slowAboveUs)} µs`;
        return eCheck(check, state.slowEvidence.maxLogE, limit, n, `${slower} of either arm`);
      }
      case 'loss':
        return design === 'pairs'
          ? eCheck(check, state.pairs.harm.maxLogE, limit, state.pairs.harm.count, 'labelled pairs')
          : weightedHarm(state, policy);
      case 'disagreement':
        return eCheck(
          check,
          state.disagreement.maxLogE,
          limit,
          state.disagreement.count,
          `compared requests, against ${policy.maxDisagreement} of decisions differing`,
        );
      case 'sample-ratio': {
        const n = state.traffic.reduce((sum, stage) => sum + stage.totalRequests, 0);
        return eCheck(check, state.trafficEvidence.maxLogE, limit, n, 'rows against their intended shares');
      }
    }
  });
}

/** Whether some harm check may fail: the same comparisons without their words, since this is asked after every item. */
export function mayShowHarm(state: EvidenceState, policy: RolloutPolicy, design: LossDesign): boolean {
  const limit = harmLimit(policy);
  const tests = [
    state.failureEvidence,
    state.failureRate,
    state.slowEvidence,
    state.disagreement,
    state.trafficEvidence,
  ];
  return design === 'weighting' || state.pairs.harm.maxLogE >= limit || tests.some((test) => test.maxLogE >= limit);
}

/** The claim a promotion needs: the candidate's mean capped log loss exceeds the champion's by less than the margin. */
export function judgeNonInferiority(state: EvidenceState, policy: RolloutPolicy, design: LossDesign): RolloutCheck {
  const check = 'non-inferiority';
  const margin = policy.lossMargin;
  if (design === 'pairs') {
    const value = state.pairs.nonInferiority.maxLogE;
    const limit = -Math.log(policy.alphaPromotion);
    const isShown = value >= limit;
    const reason = isShown
      ? `mean log loss is proved less than ${margin} above the champion's`
      : `not yet proved that mean log loss is less than ${margin} above the champion's`;
    return { check, status: isShown ? 'pass' : 'unknown', value, limit, n: state.pairs.harm.count, reason };
  }
  const interval = weightedInterval(state, policy.alphaPromotion, policy);
  const n = state.weighted.count;
  if (!interval)
    return { check, status: 'unknown', value: null, limit: margin, n, reason: 'too few labels of both arms' };
  const isShown = interval.upper < margin;
  const reason = `difference in mean log loss is between ${fixed(interval.lower)} and ${fixed(interval.upper)}`;
  return { check, status: isShown ? 'pass' : 'unknown', value: interval.upper, limit: margin, n, reason };
}

function eCheck(check: RolloutCheck['check'], value: number, limit: number, n: number, of: string): RolloutCheck {
  if (n === 0) return { check, status: 'unknown', value: null, limit, n, reason: `no ${of} yet` };
  const isHarm = value >= limit;
  const reason = `log e-value ${fixed(value)} ${isHarm ? 'reached' : 'is below'} ${fixed(limit)} after ${n} ${of}`;
  return { check, status: isHarm ? 'fail' : 'pass', value, limit, n, reason };
}

function weightedHarm(state: EvidenceState, policy: RolloutPolicy): RolloutCheck {
  const interval = weightedInterval(state, policy.alpha / harmChecks(policy).length, policy);
  const n = state.weighted.count;
  if (!interval)
    return { check: 'loss', status: 'unknown', value: null, limit: 0, n, reason: 'too few labels of both arms' };
  const isHarm = interval.lower > 0;
  const reason = `difference in mean log loss is between ${fixed(interval.lower)} and ${fixed(interval.upper)}`;
  return { check: 'loss', status: isHarm ? 'fail' : 'pass', value: interval.lower, limit: 0, n, reason };
}

function weightedInterval(state: EvidenceState, alpha: number, policy: RolloutPolicy) {
  if (!canTrustAsymptotics(state.canaryLosses.count, state.championLosses.count)) return undefined;
  return confidenceSequence(state.weighted, alpha, policy.tightestAt);
}

function fixed(value: number): string {
  return value.toFixed(4);
}
