import type { Prediction, ServingRole } from '@capstan/api';
import type { PredictionRow } from './store.ts';

/** A row as callers see it. */
export function predictionView(row: PredictionRow): Prediction {
  return {
    id: `${row.deployment}:${row.example_id}`,
    deployment: row.deployment,
    exampleId: row.example_id,
    role: row.role satisfies ServingRole,
    revision: row.revision,
    modelVersion: row.model_version,
    ...(row.rollout !== null && { rollout: row.rollout }),
    share: row.share,
    eventTime: row.event_time,
    predictedAt: row.predicted_at,
    ...(row.probability !== null && { probability: row.probability }),
    ...(row.shift !== 0 && { shift: row.shift }),
    ...(row.decision !== null && { decision: row.decision === 1 }),
    ...(row.error !== null && { error: row.error }),
    latencyUs: row.latency_us,
    ...(row.label !== null && { label: row.label === 1 ? (1 as const) : (0 as const) }),
    ...(row.label_at !== null && { labelAt: row.label_at }),
    ...(row.loss !== null && { loss: row.loss }),
    ...(row.value !== null && { value: row.value }),
    ...(row.baseline_value !== null && { baselineValue: row.baseline_value }),
  };
}
