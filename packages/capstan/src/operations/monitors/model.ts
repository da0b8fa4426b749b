import type { AlertKind, Declaration, MonitorVerdict, MonitorWindow } from '@capstan/api';
import { defaultDriftLimits } from './drift.ts';
import { defaultPerformanceLimits } from './performance.ts';

type MonitorDeclaration = Declaration['monitors'][number];

/** A declared watch with its name. */
export type Watch = MonitorDeclaration & { readonly name: string };

/** Watches by the order of their declaration, named by what they watch and the length of the window: `features-7d`. */
export function watchesOf({ monitors }: Declaration): Watch[] {
  const taken = new Map<string, number>();
  return monitors.map((monitor) => {
    const base = `${monitor.watch}-${lengthText(monitor.window)}`;
    const count = (taken.get(base) ?? 0) + 1;
    taken.set(base, count);
    return { ...monitor, name: count === 1 ? base : `${base}-${count}` };
  });
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

function lengthText(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

export function kindOf({ watch }: Pick<Watch, 'watch'>): AlertKind {
  return watch === 'features' ? 'drift' : 'decay';
}

export function againstText(watch: Watch): string {
  return watch.watch === 'features'
    ? "the training data of the champion's version"
    : 'the baseline: the share of positives known before the window';
}

/** What raises an alert, in words. */
export function limitText(watch: Watch): string {
  if (watch.watch === 'features') {
    const { effectFloor, falseDiscoveryRate, minRows } = defaultDriftLimits;
    return `a column with Jensen–Shannon distance ≥ ${effectFloor} and adjusted p < ${falseDiscoveryRate}; at least ${minRows} rows`;
  }
  const { confidence, minLabels } = defaultPerformanceLimits;
  return `${watch.metric.replace('_', ' ')} not below the baseline's with ${confidence * 100} % confidence; at least ${minLabels} labels`;
}

/** An alert that stands. */
export interface StandingAlert {
  readonly id: string;
  readonly revision: number | null;
}

export interface AlertChange {
  /** Why the one that stood is resolved; null: it is not. */
  readonly resolve: string | null;
  readonly raise: boolean;
}

/**
 * What a judged window means for the alert. One stands at a time and is not raised again by the next bad window of the same
 * revision: whoever acts on alerts acts once. Another revision is compared with other data, so its alarm is a new one.
 * What could not be judged changes nothing.
 */
export function alertChange(
  window: Pick<MonitorWindow, 'reason' | 'revision'> & { readonly verdict: MonitorVerdict },
  standing: StandingAlert | undefined,
): AlertChange {
  if (window.verdict === 'unknown') return { resolve: null, raise: false };
  if (window.verdict === 'healthy') return { resolve: standing ? window.reason : null, raise: false };
  if (!standing) return { resolve: null, raise: true };
  if (standing.revision === window.revision) return { resolve: null, raise: false };
  return { resolve: `revision ${window.revision ?? 'none'} took its place`, raise: true };
}
