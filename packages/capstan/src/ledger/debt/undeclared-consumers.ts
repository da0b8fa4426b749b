import type { CallersPolicy, EvidenceRef, UndeclaredCaller } from '@capstan/api';
import { clear, owed, PERIOD_DAYS, unmeasured, type Finding } from './model.ts';

export interface CallerFacts {
  readonly deployment: string;
  readonly callers: CallersPolicy;
  /** Callers without a token in the period. */
  readonly undeclared: readonly UndeclaredCaller[];
  /** Requests of declared consumers in the period. */
  readonly declaredRequests: number;
  readonly now: number;
}

/** Who has not called for so long has stopped, or calls with a token now. */
const SEEN_WITHIN_DAYS = 7;
const DAY_MS = 86_400_000;
const SHOWN = 10;

/**
 * Callers that nobody has declared: a change of the deployment breaks them, and nobody is told ("undeclared consumers",
 * Sculley et al. 2015, section 2).
 */
export function judgeConsumers({ deployment, callers, undeclared, declaredRequests, now }: CallerFacts): Finding {
  const named = {
    key: `undeclared-consumers:${deployment}`,
    detector: 'undeclared-consumers',
    title: `Undeclared consumers of ${deployment}`,
    evidence: [{ kind: 'deployment', id: deployment } satisfies EvidenceRef],
  } as const;
  if (callers === 'declared') return clear({ ...named, reason: 'it answers declared consumers only, by their tokens' });
  const answered = undeclared
    .filter(({ lastSeenAt }) => lastSeenAt > now - SEEN_WITHIN_DAYS * DAY_MS)
    .map((caller) => ({ ...caller, requests: caller.requests - caller.refused }))
    .filter(({ requests }) => requests > 0);
  if (answered.length === 0) {
    if (declaredRequests === 0) {
      const reason = `nobody has called it in ${PERIOD_DAYS} d, as far as its data planes have told`;
      return unmeasured({ ...named, reason, repay: null });
    }
    const reason = `nobody has called it without a token in ${SEEN_WITHIN_DAYS} d`;
    return clear({ ...named, reason });
  }
  const requests = answered.reduce((sum, caller) => sum + caller.requests, 0);
  const names = answered.slice(0, SHOWN).map(({ agent, address }) => nameOf(agent, address));
  return owed({
    ...named,
    reason: `called without a token: ${names.join(', ')}${answered.length > SHOWN ? ', …' : ''}`,
    principal: {
      value: answered.length,
      unit: answered.length === 1 ? 'caller' : 'callers',
      how: `user agents and addresses seen without a token in ${SEEN_WITHIN_DAYS} d`,
    },
    interest: {
      value: requests,
      unit: `requests in ${PERIOD_DAYS} d`,
      how: `answers that nobody is known to depend on, beside ${declaredRequests} of declared consumers`,
    },
    repay: `Declare them under consumers: in capstan.yaml, give each its token (capstan consumers rotate NAME), and set callers: declared under deployment.`,
  });
}

function nameOf(agent: string | null, address: string | null): string {
  return agent === null ? 'others' : `${agent || 'no user agent'} at ${address ?? ''}`;
}
