import { z } from 'zod';
import { timestamp } from './shapes.ts';

export const triggerKind = z.enum(['drift', 'decay', 'schedule', 'new-data', 'person']);

/** What started a turn of the cycle, or would have. */
export const cycleTrigger = z.strictObject({
  kind: triggerKind,
  reason: z.string(),
  at: timestamp,
});
export type CycleTrigger = z.infer<typeof cycleTrigger>;

/** One limit of the policy with what was measured against it. */
export const policyCheck = z.strictObject({
  check: z.enum(['trigger', 'single-flight', 'data-quality', 'cool-down', 'labels', 'budget']),
  ok: z.boolean(),
  value: z.string(),
  limit: z.string(),
});

/**
 * Where a turn stands: in one of its steps, or ended.
 * `promoted`: the new version serves; `refused`: a gate said no; `rolled-back`: live evidence said no; `failed`: it could
 * not be carried out.
 */
export const cycleState = z.enum([
  'data',
  'training',
  'gates',
  'rollout',
  'promoted',
  'refused',
  'rolled-back',
  'failed',
]);
export type CycleState = z.infer<typeof cycleState>;

export const cycleOutcome = z.enum(['promoted', 'refused', 'rolled-back', 'failed']);
export type CycleOutcome = z.infer<typeof cycleOutcome>;

export const cycleStepName = z.enum(['trigger', 'data', 'training', 'gates', 'rollout', 'verdict']);
export type CycleStepName = z.infer<typeof cycleStepName>;

/** A thing that a decision rests on, to be looked up. */
export const evidenceRef = z.strictObject({
  kind: z.enum([
    'event',
    'monitor',
    'dataset-version',
    'pipeline-run',
    'model-version',
    'verdict',
    'deployment',
    'rollout',
  ]),
  /** `late-arrival/7` for a model version, the sequence number for an event, else the object's id. */
  id: z.string(),
});
export type EvidenceRef = z.infer<typeof evidenceRef>;

/** One step of a turn, or one decision in a step. */
export const cycleStep = z.strictObject({
  /** 1, 2, … in the order of what happened. */
  seq: z.int(),
  step: cycleStepName,
  /** Null for the step as a whole; else the decision: `cool-down`, `better_than champion`. */
  decision: z.string().nullable(),
  status: z.enum(['running', 'pass', 'fail', 'unknown']),
  value: z.union([z.number(), z.string()]).nullable(),
  limit: z.union([z.number(), z.string()]).nullable(),
  n: z.int().nullable(),
  evidence: z.array(evidenceRef),
  reason: z.string().nullable(),
  startedAt: timestamp,
  endedAt: timestamp.nullable(),
});
export type CycleStep = z.infer<typeof cycleStep>;

export const cycleSummary = z.strictObject({
  id: z.string(),
  project: z.string(),
  /** 1, 2, … by project. */
  number: z.int(),
  state: cycleState,
  isOpen: z.boolean(),
  trigger: cycleTrigger,
  /** Why it ended as it did; while it is open, what it waits for. */
  reason: z.string().nullable(),
  /** Event time of the evaluation rows; training data ends before it. Null until the data step has ended. */
  window: z.strictObject({ from: timestamp, before: timestamp }).nullable(),
  evaluation: z.string().nullable().meta({ description: 'Dataset version that the gates judge on' }),
  training: z.array(z.string()).meta({ description: 'Dataset versions that the training reads' }),
  /** Share of the positive class known when the window began: what doing nothing clever predicts. */
  baselineProbability: z.number().nullable(),
  pipelineRun: z.string().nullable(),
  model: z.string().nullable(),
  version: z.int().nullable(),
  verdict: z.string().nullable(),
  deployment: z.string().nullable(),
  rollout: z.string().nullable(),
  startedAt: timestamp,
  endedAt: timestamp.nullable(),
});
export type CycleSummary = z.infer<typeof cycleSummary>;

/** A turn with every step and decision, in the order in which they happened. */
export const cycle = cycleSummary.extend({ steps: z.array(cycleStep) });
export type Cycle = z.infer<typeof cycle>;

/** A trigger that the policy has judged, whether or not a turn began. */
export const consideredTrigger = z.strictObject({
  trigger: cycleTrigger,
  /** The turn that it began; null where the policy held it back. */
  cycle: z.string().nullable(),
  reason: z.string(),
  checks: z.array(policyCheck),
  consideredAt: timestamp,
});
export type ConsideredTrigger = z.infer<typeof consideredTrigger>;
