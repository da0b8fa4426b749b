import type { Judgement, RolloutCheck, RolloutStage, RolloutState, RolloutVerdict } from '@capstan/api';
import { isTerminal } from '#kernel/state-machine';
import { NO_EVIDENCE } from '#kernel/statistics/anytime-evidence';
import { judgeHarm, judgeNonInferiority, lossDesignOf, mayShowHarm } from './checks.ts';
import { enterStage, observe, type EvidenceItem, type EvidenceState } from './evidence.ts';
import { rolloutTransitions } from './model.ts';
import type { RolloutPolicy } from './policy.ts';

/** A rollout as the decision sees it; plain JSON. */
export interface RolloutProgress {
  readonly state: RolloutState;
  /** Index into `plan`. */
  readonly stage: number;
  readonly stageStartedAt: number;
  readonly heldAt: number | null;
  /** A replica has reported that it serves this stage. */
  readonly isLive: boolean;
  /** There is no champion: nothing to compare with. */
  readonly isFirst: boolean;
  /** False: a person asked to go without guards. */
  readonly hasGuards: boolean;
  readonly plan: readonly RolloutStage[];
  readonly policy: RolloutPolicy;
  readonly evidence: EvidenceState;
}

/** One recorded decision and the rollout after it. */
export interface Step {
  readonly judgement: Judgement;
  readonly progress: RolloutProgress;
}

export interface Decision {
  /** With all evidence folded in, also where no step was taken. */
  readonly progress: RolloutProgress;
  readonly steps: readonly Step[];
}

/** While nothing changes, the state of the evidence is recorded at 128 items, 256, 512 and so on. */
const FIRST_RECORD_ITEMS = 128;

/**
 * What follows from the evidence. Items are folded in one by one and judged after each, so the outcome depends on what
 * was logged and in which order, never on how often or how late one looks; `now` only lets time-outs pass.
 */
export function decide(before: RolloutProgress, items: readonly EvidenceItem[], now: number): Decision {
  let progress = before;
  const steps: Step[] = [];
  const take = (judgement: Judgement): void => {
    progress = apply(progress, judgement);
    steps.push({ judgement, progress });
  };
  const hasEnded = (): boolean => isTerminal(rolloutTransitions, progress.state);
  for (const item of items) {
    const expired = judgeTime(progress, item.at);
    if (expired) take(expired);
    if (hasEnded()) return { progress, steps };
    progress = { ...progress, evidence: observe(progress.evidence, item, progress.stage, progress.policy) };
    const isRecorded = isRecordDue(progress.evidence.items);
    if (!isRecorded && isQuiet(progress)) continue;
    const judged = judge(progress, item.at);
    if (judged.verdict !== 'continue' || isRecorded) take(judged);
    if (hasEnded()) return { progress, steps };
  }
  // What needs no further item: time that has passed, and a first or unguarded revision that is live.
  const expired = judgeTime(progress, now);
  if (expired) take(expired);
  if (!hasEnded()) {
    const judged = judge(progress, now);
    if (judged.verdict !== 'continue') take(judged);
  }
  return { progress, steps };
}

/** The checks as they stand, for people who look. */
export function currentChecks(progress: RolloutProgress): RolloutCheck[] {
  if (!progress.hasGuards || progress.isFirst) return [];
  const design = lossDesignOf(progress.plan);
  const { evidence, policy } = progress;
  return [
    ...judgeHarm(evidence, policy, design),
    ...(policy.analysis.includes('loss') ? [judgeNonInferiority(evidence, policy, design)] : []),
    enoughEvidence(progress),
  ];
}

/** Nothing can follow yet: too little evidence to go on, and none of harm. */
function isQuiet(progress: RolloutProgress): boolean {
  const { evidence, policy, plan, hasGuards, isFirst, state } = progress;
  if (!hasGuards || isFirst || mayShowHarm(evidence, policy, lossDesignOf(plan))) return false;
  const { seen, needed } = evidenceOf(progress);
  return state === 'held' || seen < needed;
}

function judge(progress: RolloutProgress, at: number): Judgement {
  const checks = currentChecks(progress);
  const say = (verdict: RolloutVerdict, reason: string): Judgement => ({
    verdict,
    reason,
    stage: progress.stage,
    evidenceSeq: progress.evidence.seq,
    checks,
    at,
  });
  if (!progress.hasGuards || progress.isFirst) {
    if (!progress.isLive) return say('continue', 'no replica has reported that it serves the revision');
    if (progress.state === 'held') return say('continue', 'held');
    if (!progress.hasGuards) return say('promote', 'rolled out without guards: none were declared or wanted');
    return say('promote', 'the first revision: there is nothing to compare it with');
  }
  const harm = checks.filter((check) => check.status === 'fail' && check.check !== 'sample-ratio');
  if (harm.length > 0) return say('roll-back', harm.map(explain).join('; '));
  if (progress.state === 'held') return say('continue', 'held');
  const mismatch = checks.find((check) => check.check === 'sample-ratio' && check.status === 'fail');
  if (mismatch)
    return say('hold', `the split is not what it should be, so nothing else can be trusted: ${explain(mismatch)}`);

  const missing = checks.filter((check) => isNeeded(check, progress) && check.status !== 'pass');
  if (missing.length > 0) return say('continue', missing.map(explain).join('; '));
  const isLast = progress.stage === progress.plan.length - 1;
  return isLast ? say('promote', 'every stage has passed') : say('advance', 'the stage has passed');
}

/** Non-inferiority must be shown to leave the shadow, and again or still before all of the traffic moves over. */
function isNeeded(check: RolloutCheck, { plan, stage }: RolloutProgress): boolean {
  if (check.check === 'enough-evidence') return true;
  if (check.check !== 'non-inferiority') return false;
  return plan[stage]?.kind === 'shadow' || (plan[stage]?.kind === 'canary' && plan[stage + 1]?.kind === 'full');
}

function evidenceOf({ plan, stage, evidence, policy }: RolloutProgress) {
  const current = plan[stage];
  const needsPairs = current?.kind === 'shadow' && policy.analysis.includes('loss');
  const seen = needsPairs ? evidence.pairs.harm.count : evidence.stageRows;
  const needed = current?.kind === 'shadow' ? current.minPairs : policy.minStageRows;
  return { seen, needed, unit: needsPairs ? 'labelled pairs' : 'rows answered by the candidate in this stage' };
}

function enoughEvidence(progress: RolloutProgress): RolloutCheck {
  const { seen, needed, unit } = evidenceOf(progress);
  const status = seen >= needed ? 'pass' : 'unknown';
  return {
    check: 'enough-evidence',
    status,
    value: seen,
    limit: needed,
    n: seen,
    reason: `${seen} of ${needed} ${unit}`,
  };
}

/** A verdict that time alone brings about, or undefined. */
function judgeTime(progress: RolloutProgress, at: number): Judgement | undefined {
  const { policy, heldAt, stageStartedAt } = progress;
  const isHeld = progress.state === 'held' && heldAt !== null;
  const [since, limit] = isHeld ? [heldAt, policy.maxHoldMs] : [stageStartedAt, policy.maxStageMs];
  if (at - since < limit) return undefined;
  const isEnd = isHeld || policy.onExpiry === 'roll-back';
  const reason = isHeld ? 'nobody resumed it' : 'the evidence did not decide in time';
  const check: RolloutCheck = { check: 'duration', status: 'fail', value: at - since, limit, n: 1, reason };
  return {
    verdict: isEnd ? 'roll-back' : 'hold',
    reason,
    stage: progress.stage,
    evidenceSeq: progress.evidence.seq,
    checks: [check, ...currentChecks(progress)],
    // When it was due, not when someone looked.
    at: since + limit,
  };
}

function apply(progress: RolloutProgress, { verdict, at }: Judgement): RolloutProgress {
  switch (verdict) {
    case 'continue':
      return progress;
    case 'promote':
      return { ...progress, state: 'promoted' };
    case 'roll-back':
      return { ...progress, state: 'rolled-back' };
    case 'hold':
      return { ...progress, state: 'held', heldAt: at };
    case 'advance':
      return advanced(progress, at);
  }
}

function advanced(progress: RolloutProgress, at: number): RolloutProgress {
  const stage = progress.stage + 1;
  const state = stateOfStage(progress.plan, stage);
  return { ...progress, state, stage, stageStartedAt: at, isLive: false, evidence: enterStage(progress.evidence) };
}

/** A held rollout as it goes on: its stage's clock and the check of the split start anew. */
export function resumed(progress: RolloutProgress, at: number): RolloutProgress {
  const state = stateOfStage(progress.plan, progress.stage);
  const evidence = { ...progress.evidence, traffic: [], trafficEvidence: NO_EVIDENCE };
  // One without guards goes on when it is served, which replicas say of what is published now.
  const isLive = progress.hasGuards && progress.isLive;
  return { ...progress, state, heldAt: null, stageStartedAt: at, evidence, isLive };
}

/** The state that goes with a stage of the plan. */
export function stateOfStage(plan: readonly RolloutStage[], stage: number): 'shadow' | 'canary' | 'full' {
  return plan[stage]?.kind ?? 'full';
}

function isRecordDue(items: number): boolean {
  return items >= FIRST_RECORD_ITEMS && Number.isInteger(Math.log2(items / FIRST_RECORD_ITEMS));
}

function explain(check: RolloutCheck): string {
  return `${check.check}: ${check.reason}`;
}
