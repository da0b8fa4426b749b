import { z } from 'zod';
import { timestamp } from './shapes.ts';

/** A header that tells callers' users apart, in lower case. */
export const stickyHeader = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'name a header in lower case, e.g. x-user-id');

/**
 * One step of a rollout. A shadow needs so many labelled pairs; a canary gets a share of the traffic: of the examples by
 * their ids, or of the values of a header, whose requests then all go the same way.
 */
export const rolloutStage = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('shadow'), minPairs: z.int().min(1) }),
  z.strictObject({
    kind: z.literal('canary'),
    share: z.number().gt(0).lt(1),
    sticky: stickyHeader.optional(),
  }),
  z.strictObject({ kind: z.literal('full') }),
]);
export type RolloutStage = z.infer<typeof rolloutStage>;

export const rolloutState = z.enum(['shadow', 'canary', 'full', 'held', 'promoted', 'rolled-back']);
export type RolloutState = z.infer<typeof rolloutState>;

/** One question a rollout asks of its evidence, as it stands. */
export const rolloutCheck = z.strictObject({
  check: z.enum([
    'errors',
    'error-rate',
    'latency',
    'loss',
    'disagreement',
    'sample-ratio',
    'non-inferiority',
    'enough-evidence',
    'duration',
    'replica',
    'loss-budget',
  ]),
  status: z.enum(['pass', 'fail', 'unknown']),
  /** What was measured: for tests, the log e-value. */
  value: z.number().nullable(),
  /** What it was compared with, in the same unit. */
  limit: z.number().nullable(),
  n: z.int(),
  reason: z.string(),
});
export type RolloutCheck = z.infer<typeof rolloutCheck>;

export const rolloutVerdict = z.enum(['continue', 'advance', 'promote', 'roll-back', 'hold']);
export type RolloutVerdict = z.infer<typeof rolloutVerdict>;

/** A decision of the controller with all it saw. */
export const judgement = z.strictObject({
  verdict: rolloutVerdict,
  reason: z.string(),
  stage: z.int().min(0),
  /** Sequence number of the last piece of evidence it had seen. */
  evidenceSeq: z.int().min(0),
  checks: z.array(rolloutCheck),
  at: timestamp,
});
export type Judgement = z.infer<typeof judgement>;
