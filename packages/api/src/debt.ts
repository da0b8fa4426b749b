import { z } from 'zod';
import { evidenceRef } from './cycle.ts';
import { timestamp } from './shapes.ts';

/** Kinds of technical debt that are computed from evidence (Sculley et al. 2015). */
export const debtDetector = z.enum([
  'unpinned-inputs',
  'idle-versions',
  'useless-features',
  'threshold-regret',
  'missing-limit',
  'undeclared-consumers',
]);
export type DebtDetector = z.infer<typeof debtDetector>;

/** An amount with its unit and how it came about. */
const debtMeasure = z.strictObject({ value: z.number(), unit: z.string(), how: z.string() });
export type DebtMeasure = z.infer<typeof debtMeasure>;

export const debtItem = z.strictObject({
  /** The same for the same debt, each time it is measured. */
  key: z.string(),
  detector: debtDetector,
  title: z.string(),
  /** `clear`: looked at, and nothing is owed; `unmeasured`: it could not be said, which is not the same. */
  state: z.enum(['owed', 'clear', 'unmeasured']),
  reason: z.string(),
  /** What repaying it once would take away; null: not measured. */
  principal: debtMeasure.nullable(),
  /** What it costs while it stands, metered; null: not measured, which is not nothing. */
  interest: debtMeasure.nullable(),
  /** What repays it; null where nothing is owed. */
  repay: z.string().nullable(),
  owner: z.string(),
  evidence: z.array(evidenceRef),
  /** When it was first found; null where nothing is owed. */
  since: timestamp.nullable(),
});
export type DebtItem = z.infer<typeof debtItem>;

export const debtLedger = z.strictObject({
  project: z.string(),
  /** Null before the first time. */
  measuredAt: timestamp.nullable(),
  /** Owed first, then unmeasured, then clear. */
  items: z.array(debtItem),
  /** Newest first, at most 50. */
  repaid: z.array(z.strictObject({ key: z.string(), title: z.string(), since: timestamp, repaidAt: timestamp })),
});
export type DebtLedger = z.infer<typeof debtLedger>;
