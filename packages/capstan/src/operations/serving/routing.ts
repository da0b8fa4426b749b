import type { ServedDeployment, ServingRole, ServingRoute } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import { hashToUnit } from '#kernel/statistics/hash-unit';

/** Rows of one request that one route answers. */
export interface Assignment {
  readonly role: ServingRole;
  /** Chance that a row falls here; 0 where none was drawn. */
  readonly share: number;
  /** Null: the baseline's constant answers. */
  readonly route: ServingRoute | null;
  /** Indices into the request's rows; null for all, in order. */
  readonly rows: readonly number[] | null;
}

/**
 * Who answers which row. A row's arm follows from its example id and the rollout's salt alone: the same example gets
 * the same arm from every replica, and stays in the canary while the canary's share grows.
 * @throws DomainError UNAVAILABLE when nothing can answer
 */
export function assignRows(
  deployment: ServedDeployment,
  rows: number,
  exampleOf: (row: number) => string,
): Assignment[] {
  const champion = deployment.routes.find((route) => route.role === 'champion');
  const canary = deployment.routes.find((route) => route.role === 'canary');
  const canaryShare = canary?.share ?? 0;
  if (!champion && !canary) {
    throw new DomainError('UNAVAILABLE', `${deployment.name} has no revision that answers yet`);
  }
  if (canary && (canaryShare >= 1 || !champion)) return [{ role: 'canary', share: 1, route: canary, rows: null }];
  const rest = (some: readonly number[] | null): Assignment => restOf(deployment, champion, 1 - canaryShare, some);
  if (!canary || canaryShare <= 0) return [rest(null)];

  const ofChampion: number[] = [];
  const ofCanary: number[] = [];
  for (let row = 0; row < rows; row++) {
    const isCanary = hashToUnit(exampleOf(row), deployment.salt) < canaryShare;
    (isCanary ? ofCanary : ofChampion).push(row);
  }
  const toCanary = (some: readonly number[] | null): Assignment => ({
    role: 'canary',
    share: canaryShare,
    route: canary,
    rows: some,
  });
  if (ofCanary.length === 0) return [rest(null)];
  if (ofChampion.length === 0) return [toCanary(null)];
  return [rest(ofChampion), toCanary(ofCanary)];
}

/** The champion's side of the split, or what stands in for it while the breaker is open. */
function restOf(
  { name, breaker }: ServedDeployment,
  champion: ServingRoute | undefined,
  share: number,
  rows: readonly number[] | null,
): Assignment {
  if (breaker.state === 'closed') return { role: 'champion', share, route: champion ?? null, rows };
  if (breaker.mode === 'last-known-good' && breaker.lastKnownGood) {
    return { role: 'fallback', share, route: breaker.lastKnownGood, rows };
  }
  if (breaker.mode !== 'stop' && breaker.fallbackProbability !== null)
    return { role: 'fallback', share, route: null, rows };
  throw new DomainError('UNAVAILABLE', `${name} does not answer: its breaker is open`, {
    hint: breaker.reason ?? 'A person or a new revision closes it.',
  });
}
