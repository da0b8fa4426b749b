import { NO_EVIDENCE, lookAgain, type Evidence } from '#kernel/statistics/anytime-evidence';
import { observeBounded, startBetting, type BettingProcess } from '#kernel/statistics/betting-e-process';
import { eventHarmLogE, type EventShareStage } from '#kernel/statistics/event-share-e-process';
import { observeLossPair, startPairedLossTest, type PairedLossTest } from '#kernel/statistics/paired-loss-test';
import { weightedDifference } from '#kernel/statistics/propensity-weighting';
import { NO_VALUES, addValue, type RunningMoments } from '#kernel/statistics/running-moments';
import { sampleRatioLogE, type TrafficStage } from '#kernel/statistics/sample-ratio';
import { addLatency, highLatencyUs, NO_LATENCIES, type LatencyHistogram } from './latency-histogram.ts';
import type { RolloutPolicy } from './policy.ts';

/** The rows of one request that one arm answered. */
export interface PartOutcome {
  readonly rows: number;
  readonly isError: boolean;
  readonly latencyUs: number;
}

interface Logged {
  /** Place in the one order of everything logged about the deployment: answers and labels. */
  readonly seq: number;
  /** Business time at which it was known. */
  readonly at: number;
}

/** One logged thing that bears on a rollout. Rows of one request are one thing: they do not fail independently. */
export type EvidenceItem =
  /** A request answered during the stage; a part is null when no row went there. */
  | (Logged & {
      readonly kind: 'request';
      readonly stage: number;
      /** The canary's share at the time. */
      readonly share: number;
      readonly champion: PartOutcome | null;
      readonly canary: PartOutcome | null;
    })
  /** The candidate's answer in shadow, beside what the caller was told. */
  | (Logged & {
      readonly kind: 'shadow';
      readonly stage: number;
      readonly part: PartOutcome;
      /** Rows with both answers, and those of them where the decisions differ. */
      readonly compared: number;
      readonly differing: number;
    })
  /** The label of an example that both arms answered has come. Losses are log losses. */
  | (Logged & { readonly kind: 'pair'; readonly candidateLoss: number; readonly championLoss: number })
  /** The label of an example that one arm answered in the split has come. */
  | (Logged & { readonly kind: 'labelled'; readonly isCanary: boolean; readonly share: number; readonly loss: number });

/** Everything the decision needs of what was logged so far; plain JSON, replaced by each item. */
export interface EvidenceState {
  readonly seq: number;
  /** Items seen in all. */
  readonly items: number;
  /** Of the stage under way: rows the candidate answered, in shadow or for real. */
  readonly stageRows: number;
  readonly shadowRows: number;
  readonly failures: readonly EventShareStage[];
  readonly failureEvidence: Evidence;
  /** Null hypothesis: the candidate fails at most `maxErrorRate` of the requests it gets. */
  readonly failureRate: BettingProcess;
  readonly slow: readonly EventShareStage[];
  readonly slowEvidence: Evidence;
  /** Frozen when a stage begins: the champion's 99th percentile before it. Null while too little is known. */
  readonly slowAboveUs: number | null;
  readonly championLatencies: LatencyHistogram;
  readonly traffic: readonly TrafficStage[];
  readonly trafficEvidence: Evidence;
  /** Null hypothesis: at most `maxDisagreement` of the decisions differ. */
  readonly disagreement: BettingProcess;
  readonly pairs: PairedLossTest;
  /** AIPW values of labelled examples, with the means foretold for either arm. */
  readonly weighted: RunningMoments;
  readonly canaryLosses: RunningMoments;
  readonly championLosses: RunningMoments;
}

/** In a request split over both arms either part may fail: given that one did, each is as likely. */
const SPLIT_REQUEST_SHARE = 0.5;

export function startEvidence(policy: RolloutPolicy, seq: number): EvidenceState {
  return {
    seq,
    items: 0,
    stageRows: 0,
    shadowRows: 0,
    failures: [],
    failureEvidence: NO_EVIDENCE,
    failureRate: startBetting(policy.maxErrorRate),
    slow: [],
    slowEvidence: NO_EVIDENCE,
    slowAboveUs: null,
    championLatencies: NO_LATENCIES,
    traffic: [],
    trafficEvidence: NO_EVIDENCE,
    disagreement: startBetting(policy.maxDisagreement),
    pairs: startPairedLossTest(policy.lossCap, policy.lossMargin),
    weighted: NO_VALUES,
    canaryLosses: NO_VALUES,
    championLosses: NO_VALUES,
  };
}

/** The state at the beginning of the next stage: what tests know is kept, counts of the stage start again. */
export function enterStage(state: EvidenceState): EvidenceState {
  return { ...state, stageRows: 0, slowAboveUs: highLatencyUs(state.championLatencies) };
}

/** The state after one more item. Items must come in the order of `seq`. */
export function observe(state: EvidenceState, item: EvidenceItem, stage: number, policy: RolloutPolicy): EvidenceState {
  const next = { ...state, seq: item.seq, items: state.items + 1 };
  if (item.kind === 'request') return observeRequest(next, item, item.stage === stage);
  if (item.kind === 'shadow') return observeShadow(next, item, item.stage === stage);
  if (item.kind === 'pair')
    return { ...next, pairs: observeLossPair(next.pairs, item.candidateLoss, item.championLoss) };
  return observeLabelled(next, item, policy);
}

function observeRequest(
  state: EvidenceState,
  item: EvidenceItem & { kind: 'request' },
  isOfThisStage: boolean,
): EvidenceState {
  const { canary, champion, share } = item;
  let next = state;
  if (canary) {
    next = {
      ...next,
      stageRows: next.stageRows + (isOfThisStage && !canary.isError ? canary.rows : 0),
      failureRate: observeBounded(next.failureRate, canary.isError ? 1 : 0),
    };
  }
  if (champion?.rows === 1 && !champion.isError && !canary) {
    next = { ...next, championLatencies: addLatency(next.championLatencies, champion.latencyUs) };
  }
  if (!(share > 0 && share < 1)) {
    // A shadow's stage: the champion's failures count against those of the shadow, which come as items of their own.
    return champion?.isError ? withFailures(next, SPLIT_REQUEST_SHARE, 0, 1) : next;
  }
  const rows = { canary: canary?.rows ?? 0, champion: champion?.rows ?? 0 };
  next = withTraffic(next, share, rows.canary, rows.canary + rows.champion);
  const isSplit = canary !== null && champion !== null;
  // Of several rows that all fell to one arm, the arm's chance is no longer the share: such requests tell nothing here.
  if (!isSplit && rows.canary + rows.champion !== 1) return next;
  const failed = { canary: canary?.isError === true, champion: champion?.isError === true };
  next = withFailures(next, isSplit ? SPLIT_REQUEST_SHARE : share, Number(failed.canary), Number(failed.champion));
  // Parts of a split request have unequal sizes, so only whole ones are compared by time.
  const limit = next.slowAboveUs;
  if (isSplit || limit === null) return next;
  const isSlow = (part: PartOutcome | null): number => Number(part !== null && !part.isError && part.latencyUs > limit);
  return withSlow(next, share, isSlow(canary), isSlow(champion));
}

function observeShadow(
  state: EvidenceState,
  item: EvidenceItem & { kind: 'shadow' },
  isOfThisStage: boolean,
): EvidenceState {
  const answered = item.part.isError ? 0 : item.part.rows;
  let next: EvidenceState = {
    ...state,
    shadowRows: state.shadowRows + answered,
    stageRows: state.stageRows + (isOfThisStage ? answered : 0),
    failureRate: observeBounded(state.failureRate, item.part.isError ? 1 : 0),
  };
  // One observation a request: its share of differing rows, since rows sent together may be alike.
  if (item.compared > 0) {
    next = { ...next, disagreement: observeBounded(next.disagreement, item.differing / item.compared) };
  }
  return item.part.isError ? withFailures(next, SPLIT_REQUEST_SHARE, 1, 0) : next;
}

function observeLabelled(
  state: EvidenceState,
  item: EvidenceItem & { kind: 'labelled' },
  policy: RolloutPolicy,
): EvidenceState {
  if (!(item.share > 0 && item.share < 1)) return state;
  const loss = Math.min(item.loss, policy.lossCap);
  // What either arm was seen to lose on average before this example; until both are known, the other stands in.
  const canary = state.canaryLosses.count > 0 ? state.canaryLosses.mean : state.championLosses.mean;
  const champion = state.championLosses.count > 0 ? state.championLosses.mean : canary;
  const value = weightedDifference({
    outcome: loss,
    isCanary: item.isCanary,
    canaryPropensity: item.share,
    expected: { canary, champion },
  });
  const next = { ...state, weighted: addValue(state.weighted, value) };
  return item.isCanary
    ? { ...next, canaryLosses: addValue(next.canaryLosses, loss) }
    : { ...next, championLosses: addValue(next.championLosses, loss) };
}

function withTraffic(state: EvidenceState, share: number, canary: number, total: number): EvidenceState {
  const before = state.traffic.find((stage) => stage.canaryShare === share);
  const merged = {
    canaryShare: share,
    canaryRequests: (before?.canaryRequests ?? 0) + canary,
    totalRequests: (before?.totalRequests ?? 0) + total,
  };
  const traffic = [...state.traffic.filter((stage) => stage !== before), merged];
  return { ...state, traffic, trafficEvidence: lookAgain(state.trafficEvidence, sampleRatioLogE(traffic)) };
}

function withFailures(state: EvidenceState, share: number, canary: number, champion: number): EvidenceState {
  if (canary + champion === 0) return state;
  const failures = addEvents(state.failures, share, canary, champion);
  return { ...state, failures, failureEvidence: lookAgain(state.failureEvidence, eventHarmLogE(failures)) };
}

function withSlow(state: EvidenceState, share: number, canary: number, champion: number): EvidenceState {
  if (canary + champion === 0) return state;
  const slow = addEvents(state.slow, share, canary, champion);
  return { ...state, slow, slowEvidence: lookAgain(state.slowEvidence, eventHarmLogE(slow)) };
}

function addEvents(
  stages: readonly EventShareStage[],
  share: number,
  canary: number,
  champion: number,
): readonly EventShareStage[] {
  const before = stages.find((stage) => stage.canaryShare === share);
  const merged = {
    canaryShare: share,
    canaryEvents: (before?.canaryEvents ?? 0) + canary,
    totalEvents: (before?.totalEvents ?? 0) + canary + champion,
  };
  return [...stages.filter((stage) => stage !== before), merged];
}
