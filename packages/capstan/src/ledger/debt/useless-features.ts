import type { EvidenceRef } from '@capstan/api';
import type { FeatureBenefit } from '#model/gates';
import { clear, owed, unmeasured, type Finding } from './model.ts';

export interface FeatureFacts {
  /** Null where the champion has no verdict whose rows could be used. */
  readonly measured: {
    readonly verdict: string;
    readonly model: string;
    readonly version: number;
    readonly benefits: readonly FeatureBenefit[];
  } | null;
  /** Windows in which a monitor found the feature drifted, by feature; null where none is watched. */
  readonly alarms: ReadonlyMap<string, number> | null;
}

/** A loss that is surely increased by less than this (nats, or squared probability) is no benefit. */
const LEAST_BENEFIT = 0.000_5;

/**
 * Features that a model takes and does not gain by ("underutilized data dependencies", Sculley et al. 2015, section 3): the
 * whole interval of what shuffling them costs lies below the least that counts. One at a time: of two that say the same,
 * either may go, not both.
 */
export function judgeFeatures({ measured, alarms }: FeatureFacts): Finding[] {
  const named = { key: 'useless-features', detector: 'useless-features', title: 'Features without benefit' } as const;
  if (!measured || measured.benefits.length === 0) {
    const reason = measured ? 'the champion cannot be scored' : 'the champion has no verdict whose rows could be used';
    return [unmeasured({ ...named, reason, repay: 'Let a turn of the cycle judge a version: its rows are used.' })];
  }
  const { verdict, model, version, benefits } = measured;
  const evidence: EvidenceRef[] = [
    { kind: 'verdict', id: verdict },
    { kind: 'model-version', id: `${model}/${version}` },
  ];
  const useless = benefits.filter(({ upper }) => upper < LEAST_BENEFIT);
  if (useless.length === 0) {
    const reason = `each of ${benefits.length} features of v${version} may lower the loss by ${LEAST_BENEFIT} or more`;
    return [clear({ ...named, reason, evidence })];
  }
  return useless.map(({ feature, mean, lower, upper, n }) =>
    owed({
      key: `useless-features:${feature}`,
      detector: 'useless-features',
      title: `Feature without benefit: ${feature}`,
      reason: `shuffled, it raises the loss of v${version} by ${mean.toFixed(5)} [${lower.toFixed(5)}, ${upper.toFixed(5)}], n ${n}`,
      principal: { value: 1, unit: 'feature', how: 'inputs to collect, check, serve and explain' },
      interest:
        alarms === null
          ? null
          : {
              value: alarms.get(feature) ?? 0,
              unit: 'windows in alarm',
              how: 'judged windows in which it was found drifted',
            },
      repay: `Leave ${feature} out of the features, train, and let the gates compare.`,
      evidence,
    }),
  );
}
