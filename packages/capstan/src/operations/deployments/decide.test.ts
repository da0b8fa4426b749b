import type { RolloutStage } from '@capstan/api';
import { describe, expect, test } from 'vitest';
import { decide, resumed, type RolloutProgress } from './decide.ts';
import { startEvidence, type EvidenceItem } from './evidence.ts';
import { defaultPolicy } from './policy.ts';

const PLAN = canaryPlan([0.1, 0.5], 300);
const DAY_MS = 86_400_000;

function canaryPlan(shares: readonly number[], minPairs = 0): RolloutStage[] {
  return [
    ...(minPairs > 0 ? [{ kind: 'shadow' as const, minPairs }] : []),
    ...shares.map((share) => ({ kind: 'canary' as const, share })),
    { kind: 'full' },
  ];
}

function rollout(change: Partial<RolloutProgress> = {}): RolloutProgress {
  const policy = defaultPolicy(['errors', 'latency', 'loss']);
  const plan = change.plan ?? PLAN;
  return {
    state: plan[0]?.kind ?? 'full',
    stage: 0,
    stageStartedAt: 0,
    heldAt: null,
    isLive: true,
    isFirst: false,
    hasGuards: true,
    plan,
    policy,
    evidence: startEvidence(policy, 0),
    ...change,
  };
}

/** Deterministic numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Traffic {
  readonly seed: number;
  readonly requests: number;
  /** Added to the candidate's log loss. */
  readonly worse?: number;
  readonly candidateErrors?: number;
  readonly championErrors?: number;
  readonly slowFactor?: number;
  readonly differing?: number;
  /** Share of the canary that traffic really gets, where it is not the intended one. */
  readonly actualShare?: number;
  readonly noLabels?: boolean;
}

/** Runs single-row traffic through a rollout, letting each item follow from the stage it happens in. */
function run(start: RolloutProgress, traffic: Traffic) {
  const next = random(traffic.seed);
  let progress = start;
  const items: EvidenceItem[] = [];
  const verdicts: string[] = [];
  let seq = progress.evidence.seq;
  const give = (item: EvidenceItem): void => {
    items.push(item);
    const decision = decide(progress, [item], item.at);
    progress = decision.progress;
    verdicts.push(...decision.steps.map(({ judgement }) => judgement.verdict));
  };
  for (
    let request = 0;
    request < traffic.requests && !['promoted', 'rolled-back'].includes(progress.state);
    request++
  ) {
    const stage = progress.plan[progress.stage];
    const share = stage?.kind === 'canary' ? stage.share : stage?.kind === 'full' ? 1 : 0;
    const isCanary = next() < (traffic.actualShare !== undefined && share > 0 ? traffic.actualShare : share);
    const isError = next() < ((isCanary ? traffic.candidateErrors : traffic.championErrors) ?? 0);
    const latencyUs = 500 + 300 * next() + (isCanary && next() < 0.5 ? (traffic.slowFactor ?? 0) * 1_000 : 0);
    const part = { rows: 1, isError, latencyUs };
    const at = request;
    give({
      kind: 'request',
      seq: ++seq,
      at,
      stage: progress.stage,
      share,
      champion: isCanary ? null : part,
      canary: isCanary ? part : null,
    });
    const hasShadow = !isCanary && progress.plan[0]?.kind === 'shadow' && share < 1;
    const shadowFails = next() < (traffic.candidateErrors ?? 0);
    if (hasShadow) {
      const differing = next() < (traffic.differing ?? 0.05) ? 1 : 0;
      const shadow = { rows: 1, isError: shadowFails, latencyUs };
      give({
        kind: 'shadow',
        seq: ++seq,
        at,
        stage: progress.stage,
        part: shadow,
        compared: shadowFails ? 0 : 1,
        differing,
      });
    }
    if (traffic.noLabels) continue;
    const championLoss = -Math.log(0.2 + 0.75 * next());
    const candidateLoss = Math.max(0, championLoss + (traffic.worse ?? 0) + 0.1 * (next() - 0.5));
    if (hasShadow && !shadowFails) give({ kind: 'pair', seq: ++seq, at, candidateLoss, championLoss });
    if (!isError)
      give({ kind: 'labelled', seq: ++seq, at, isCanary, share, loss: isCanary ? candidateLoss : championLoss });
  }
  return { progress, items, verdicts };
}

describe('a rollout', () => {
  test('an equal candidate goes through every stage and is promoted', () => {
    const { progress, verdicts } = run(rollout(), { seed: 1, requests: 20_000 });
    expect(progress.state).toBe('promoted');
    expect(verdicts.filter((verdict) => verdict === 'advance')).toHaveLength(3);
    expect(verdicts.at(-1)).toBe('promote');
  });

  test('the outcome does not depend on how the log is cut into looks', () => {
    for (const traffic of [
      { seed: 2, requests: 20_000 },
      { seed: 3, requests: 20_000, worse: 0.2 },
      { seed: 4, requests: 20_000, candidateErrors: 0.03, championErrors: 0.01 },
    ]) {
      const { progress, items } = run(rollout(), traffic);
      const cut = random(99);
      for (const most of [1, 7, 500, items.length]) {
        let again = rollout();
        const steps: unknown[] = [];
        for (let from = 0; from < items.length;) {
          const to = Math.min(items.length, from + 1 + Math.floor(cut() * most));
          const decision = decide(again, items.slice(from, to), items[to - 1]?.at ?? 0);
          again = decision.progress;
          steps.push(...decision.steps);
          from = to;
        }
        expect(again).toEqual(progress);
      }
    }
  });

  test('a candidate with a worse loss is rolled back in shadow, before it has answered anybody', () => {
    const { progress, items } = run(rollout(), { seed: 5, requests: 20_000, worse: 0.3 });
    expect(progress.state).toBe('rolled-back');
    expect(progress.stage).toBe(0);
    expect(items.some((item) => item.kind === 'request' && item.canary !== null)).toBe(false);
  });

  test('a slightly worse one, beyond the margin, is not promoted', () => {
    const { progress } = run(rollout(), { seed: 6, requests: 5_000, worse: 0.03 });
    expect(progress.state).not.toBe('promoted');
    expect(progress.stage).toBe(0);
  });

  test('a candidate that fails is rolled back at once', () => {
    const { progress, items } = run(rollout(), { seed: 7, requests: 20_000, candidateErrors: 1 });
    expect(progress.state).toBe('rolled-back');
    expect(items.filter((item) => item.kind === 'shadow').length).toBeLessThan(40);
  });

  test('without a shadow, more failures than the champion roll it back in the canary', () => {
    const plan = canaryPlan([0.1, 0.5]);
    const { progress } = run(rollout({ plan }), {
      seed: 8,
      requests: 60_000,
      candidateErrors: 0.06,
      championErrors: 0.01,
    });
    expect(progress.state).toBe('rolled-back');
    expect(progress.plan[progress.stage]?.kind).toBe('canary');
  });

  test('without a shadow, a worse loss is found by weighting the split', () => {
    const plan = canaryPlan([0.25, 0.5]);
    const { progress, verdicts } = run(rollout({ plan }), { seed: 9, requests: 60_000, worse: 0.5 });
    expect(progress.state).toBe('rolled-back');
    expect(verdicts).not.toContain('promote');
  });

  test('without a shadow, an equal candidate is promoted once the interval is inside the margin', () => {
    const plan = canaryPlan([0.5]);
    const policy = { ...defaultPolicy(['errors', 'loss']), lossMargin: 0.1 };
    const start = rollout({ plan, policy, evidence: startEvidence(policy, 0) });
    const { progress, items } = run(start, { seed: 10, requests: 60_000 });
    expect(progress.state).toBe('promoted');
    expect(items.filter((item) => item.kind === 'labelled').length).toBeGreaterThan(policy.minStageRows);
  });

  test('answers that are slower than the champion used to be roll it back', () => {
    const { progress } = run(rollout(), { seed: 11, requests: 60_000, slowFactor: 5 });
    expect(progress.state).toBe('rolled-back');
    expect(progress.plan[progress.stage]?.kind).toBe('canary');
  });

  test('a candidate that decides the opposite most of the time is stopped without any label', () => {
    const { progress, items } = run(rollout(), { seed: 12, requests: 2_000, differing: 0.95, noLabels: true });
    expect(progress.state).toBe('rolled-back');
    expect(items.some((item) => item.kind === 'pair')).toBe(false);
  });

  test('a split that is not the intended one holds everything', () => {
    const { progress, verdicts } = run(rollout(), { seed: 13, requests: 30_000, actualShare: 0.25 });
    expect(progress.state).toBe('held');
    expect(verdicts.indexOf('hold')).toBeGreaterThan(verdicts.indexOf('advance'));
    const again = resumed(progress, 50_000);
    expect(again.state).toBe('canary');
    expect(again.evidence.pairs).toEqual(progress.evidence.pairs);
  });

  test('a held one still rolls back for harm', () => {
    const held = rollout({ state: 'held', heldAt: 0 });
    expect(run(held, { seed: 14, requests: 2_000, candidateErrors: 1 }).progress.state).toBe('rolled-back');
    expect(run(held, { seed: 14, requests: 5_000 }).progress.state).toBe('held');
  });

  test('candidates that are equal are rarely rolled back, however often one looks', () => {
    let rolledBack = 0;
    const runs = 60;
    for (let seed = 100; seed < 100 + runs; seed++) {
      const { progress } = run(rollout(), { seed, requests: 3_000, candidateErrors: 0.01, championErrors: 0.01 });
      if (progress.state === 'rolled-back') rolledBack += 1;
    }
    expect(rolledBack).toBeLessThanOrEqual(0.05 * runs + 4);
  });
});

describe('time', () => {
  test('a stage that does not decide is held when it was due, then rolled back', () => {
    const held = decide(rollout(), [], 20 * DAY_MS);
    expect(held.progress).toMatchObject({ state: 'held', heldAt: 14 * DAY_MS });
    const item: EvidenceItem = { kind: 'pair', seq: 1, at: 30 * DAY_MS, candidateLoss: 0, championLoss: 0 };
    const ended = decide(held.progress, [item], 30 * DAY_MS);
    expect(ended.progress.state).toBe('rolled-back');
    expect(ended.steps.at(-1)?.judgement).toMatchObject({ at: 21 * DAY_MS, reason: 'nobody resumed it' });
  });

  test('what was logged before the limit counts, also when one looks after it', () => {
    const items: EvidenceItem[] = Array.from({ length: 40 }, (_, index) => ({
      kind: 'shadow',
      seq: index + 1,
      at: DAY_MS,
      stage: 0,
      part: { rows: 1, isError: true, latencyUs: 1 },
      compared: 0,
      differing: 0,
    }));
    const { progress } = decide(rollout(), items, 20 * DAY_MS);
    expect(progress.state).toBe('rolled-back');
  });
});

describe('without comparison', () => {
  test('the first revision is promoted when a replica serves it', () => {
    const first = rollout({ isFirst: true, isLive: false, plan: [{ kind: 'full' }] });
    expect(decide(first, [], 0).progress.state).toBe('full');
    expect(decide({ ...first, isLive: true }, [], 0).progress.state).toBe('promoted');
  });

  test('without guards it is promoted when live, and says so', () => {
    const decision = decide(rollout({ hasGuards: false, plan: [{ kind: 'full' }] }), [], 0);
    expect(decision.steps.map(({ judgement }) => judgement.reason)).toEqual([
      'rolled out without guards: none were declared or wanted',
    ]);
  });
});

test('while nothing changes, the evidence is recorded at doublings only', () => {
  const { verdicts } = run(rollout(), { seed: 20, requests: 1_200, noLabels: true });
  expect(verdicts).toEqual(['continue', 'continue', 'continue', 'continue', 'continue']);
});
