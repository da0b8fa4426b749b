import type { DebtItem, DebtMeasure, EvidenceRef } from '@capstan/api';

const DAY_MS = 86_400_000;
/** What is metered is metered over this long. */
export const PERIOD_DAYS = 30;
export const PERIOD_MS = PERIOD_DAYS * DAY_MS;

/** What a detector found; who owns it and since when is added by the ledger. */
export type Finding = Omit<DebtItem, 'owner' | 'since'>;

type Named = Pick<Finding, 'key' | 'detector' | 'title' | 'reason'> & { readonly evidence?: readonly EvidenceRef[] };

export function owed(
  found: Named & {
    readonly principal: DebtMeasure | null;
    readonly interest: DebtMeasure | null;
    readonly repay: string;
  },
): Finding {
  return { ...found, evidence: [...(found.evidence ?? [])], state: 'owed' };
}

/** Looked at, and nothing is owed. */
export function clear(found: Named): Finding {
  return {
    ...found,
    evidence: [...(found.evidence ?? [])],
    state: 'clear',
    principal: null,
    interest: null,
    repay: null,
  };
}

/** It cannot be said; `repay` is what would make it measurable. */
export function unmeasured(found: Named & { readonly repay: string | null }): Finding {
  return { ...found, evidence: [...(found.evidence ?? [])], state: 'unmeasured', principal: null, interest: null };
}

const ORDER: readonly DebtItem['state'][] = ['owed', 'unmeasured', 'clear'];

/** Owed first, then what is not known. */
export function inOrder(items: readonly DebtItem[]): DebtItem[] {
  return items.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
}

export interface Changes {
  readonly found: readonly Finding[];
  /** Keys of debts that stood and no longer do. */
  readonly repaid: readonly string[];
}

/**
 * What has changed between the debts that stand and what was found now. A debt is repaid when its detector has looked and
 * does not find it any more; while the detector cannot measure, what stood stands.
 */
export function changesBetween(standing: readonly string[], now: readonly Finding[]): Changes {
  const owedNow = now.filter(({ state }) => state === 'owed');
  const blind = new Set(now.filter(({ state }) => state === 'unmeasured').map(({ detector }) => detector));
  const keys = new Set(owedNow.map(({ key }) => key));
  return {
    found: owedNow.filter(({ key }) => !standing.includes(key)),
    repaid: standing.filter((key) => !keys.has(key) && ![...blind].some((detector) => key.startsWith(detector))),
  };
}
