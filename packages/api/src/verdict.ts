import { z } from 'zod';
import { timestamp } from './shapes.ts';

/** `unknown` blocks as `fail` does: what was not measured is not good. */
export const verdictStatus = z.enum(['pass', 'fail', 'unknown']);
export type VerdictStatus = z.infer<typeof verdictStatus>;

/** One named check of a gate, with what was measured, what it was held against, and how many examples it rests on. */
export const verdictCheck = z.strictObject({
  /** As capstan.yaml calls it, with whom it compares: `better_than champion`; `unseen_data` is always checked. */
  check: z.string(),
  status: verdictStatus,
  value: z.number().nullable(),
  limit: z.number().nullable(),
  n: z.int(),
  interval: z.tuple([z.number(), z.number()]).optional(),
  reason: z.string(),
});

/** How one contender does on the evaluation rows. */
export const contenderScore = z.strictObject({
  /** Mean of the declared metric; lower is better. */
  loss: z.number(),
  /** Null where one of the two classes is absent, and for a constant. */
  auc: z.number().nullable(),
});
export type ContenderScore = z.infer<typeof contenderScore>;

/** What all checks of a verdict were made on. */
export const verdictEvaluation = z.strictObject({
  datasetVersionId: z.string(),
  /** Labelled rows. */
  rows: z.int(),
  /** Extremes of their event time. */
  from: timestamp.nullable(),
  to: timestamp.nullable(),
  metric: z.enum(['log_loss', 'brier']),
  /** Probability that doing nothing clever gives to every example; null where nobody said it. */
  baselineProbability: z.number().nullable(),
  candidate: contenderScore.nullable(),
  champion: contenderScore.nullable(),
  baseline: contenderScore.nullable(),
});
export type VerdictEvaluation = z.infer<typeof verdictEvaluation>;

/** A gate's answer about one model version: whether it may take traffic, and why. Never changed. */
export const gateVerdict = z.strictObject({
  id: z.string(),
  project: z.string(),
  model: z.string(),
  version: z.int(),
  status: verdictStatus,
  /** The version it was compared with; null where there was no champion. */
  championVersion: z.int().nullable(),
  evaluation: verdictEvaluation,
  checks: z.array(verdictCheck),
  cycle: z.string().nullable(),
  actor: z.string(),
  at: timestamp,
});
export type GateVerdict = z.infer<typeof gateVerdict>;
