/** What may start a turn of the cycle. */
export type TriggerKind = 'drift' | 'decay' | 'schedule' | 'new-data' | 'person';

export interface Trigger {
  readonly kind: TriggerKind;
  readonly reason: string;
  readonly at: number;
}

/** Limits a project sets on its own automation (`retrain` in capstan.yaml). */
export interface RetrainPolicy {
  readonly on: readonly TriggerKind[];
  /** Time after the start of a turn in which no other starts. Milliseconds. */
  readonly coolDownMs: number;
  /** Labelled examples that must have come since the last training. */
  readonly minLabels: number;
  readonly maxPerMonth: number;
}

/** What the policy is judged on. */
export interface RetrainFacts {
  readonly now: number;
  readonly hasChampion: boolean;
  /** Start times of the turns so far, any order. */
  readonly startedAt: readonly number[];
  /** Number of the turn under way. */
  readonly openCycle: number | null;
  readonly newLabels: number;
  /** Dataset versions in quarantine that the next training would need. */
  readonly quarantined: readonly string[];
}

/** One limit with what was measured against it. */
export interface PolicyCheck {
  readonly check: 'trigger' | 'single-flight' | 'data-quality' | 'cool-down' | 'labels' | 'budget';
  readonly ok: boolean;
  readonly value: string;
  readonly limit: string;
}

export interface PolicyDecision {
  readonly start: boolean;
  readonly reason: string;
  readonly checks: readonly PolicyCheck[];
}

const MONTH_MS = 30 * 86_400_000;

/**
 * Whether a trigger starts a turn now. Every limit is looked at, so that the record says all that stood in the way.
 * A person's wish passes cool-down, labels and budget, but not an open turn and never data in quarantine: training on
 * broken data is the commonest accident of automation. Before the first champion there is nothing to be patient for.
 */
export function decideRetraining(trigger: Trigger, policy: RetrainPolicy, facts: RetrainFacts): PolicyDecision {
  const isFree = trigger.kind === 'person' || !facts.hasChampion;
  const lastStart = facts.startedAt.length === 0 ? null : Math.max(...facts.startedAt);
  const sinceLastMs = lastStart === null ? null : facts.now - lastStart;
  const thisMonth = facts.startedAt.filter((at) => at > facts.now - MONTH_MS).length;

  const checks: PolicyCheck[] = [
    {
      check: 'trigger',
      ok: trigger.kind === 'person' || policy.on.includes(trigger.kind),
      value: trigger.kind,
      limit: policy.on.join(', '),
    },
    {
      check: 'single-flight',
      ok: facts.openCycle === null,
      value: facts.openCycle === null ? 'none' : `turn ${facts.openCycle} is open`,
      limit: 'none open',
    },
    {
      check: 'data-quality',
      ok: facts.quarantined.length === 0,
      value: facts.quarantined.join(', ') || 'clean',
      limit: 'nothing in quarantine',
    },
    {
      check: 'cool-down',
      ok: isFree || sinceLastMs === null || sinceLastMs >= policy.coolDownMs,
      value: sinceLastMs === null ? 'never started' : days(sinceLastMs),
      limit: `≥ ${days(policy.coolDownMs)}`,
    },
    {
      check: 'labels',
      ok: isFree || facts.newLabels >= policy.minLabels,
      value: String(facts.newLabels),
      limit: `≥ ${policy.minLabels}`,
    },
    {
      check: 'budget',
      ok: isFree || thisMonth < policy.maxPerMonth,
      value: `${thisMonth} in 30 d`,
      limit: `< ${policy.maxPerMonth}`,
    },
  ];
  const failed = checks.filter((check) => !check.ok);
  const reason = failed.map((check) => `${check.check}: ${check.value}, wanted ${check.limit}`).join('; ');
  return { start: failed.length === 0, reason: failed.length === 0 ? trigger.reason : reason, checks };
}

function days(ms: number): string {
  return `${(ms / 86_400_000).toFixed(1)} d`;
}
