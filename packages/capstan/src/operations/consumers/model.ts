import type { ConsumerDeclaration, Declaration, Quota } from '@capstan/api';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Counts of what callers asked are kept for so long. */
export const KEPT_MS = 35 * DAY_MS;
/** Of one consumer at a time: the one that is used and the one that takes its place. */
export const MOST_TOKENS = 2;
/** In the place of a project, for what was made by hand. */
export const BY_HAND = '';

export interface ConsumerFields {
  readonly owner: string;
  readonly purpose: string;
  /** Null: all. */
  readonly deployments: readonly string[] | null;
  readonly quota: Quota | null;
}

/** Names of the fields that differ. */
export function changedFields(before: ConsumerFields, after: ConsumerFields): (keyof ConsumerFields)[] {
  const fields = ['owner', 'purpose', 'deployments', 'quota'] as const;
  return fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

/** The consumers that a project declares, by name; such as name no deployment may call the project's own. */
export function declaredConsumers({ consumers, deployment }: Declaration): Map<string, ConsumerFields> {
  const own = deployment ? [deployment.name] : [];
  return new Map(Object.entries(consumers).map(([name, declared]) => [name, fieldsOf(declared, own)]));
}

function fieldsOf({ owner, purpose, deployments, quota }: ConsumerDeclaration, own: readonly string[]): ConsumerFields {
  return {
    owner,
    purpose,
    deployments: deployments === 'all' ? null : (deployments ?? own),
    // In one order of keys, so that equal quotas are equal texts.
    quota: quota ? { amount: quota.amount, unit: quota.unit, per: quota.per } : null,
  };
}

/** Begin of the hour that a time is in. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}
