import { z } from 'zod';
import { judgement, rolloutStage } from '../rollout.ts';
import { breakerMode } from '../serving.ts';

const ofDeployment = { deployment: z.string() };
const ofRollout = { ...ofDeployment, rollout: z.string(), revision: z.int() };

/** Facts of deployments, revisions, rollouts and breakers. */
export const deploymentEvents = {
  'deployment.created': z.strictObject({ ...ofDeployment, model: z.string() }),
  'revision.created': z.strictObject({
    ...ofDeployment,
    revision: z.int(),
    digest: z.string(),
    model: z.string(),
    version: z.int(),
    modelDigest: z.string(),
    threshold: z.number(),
    adaptedColumns: z.array(z.string()),
  }),
  'rollout.started': z.strictObject({
    ...ofRollout,
    from: z.int().nullable(),
    plan: z.array(rolloutStage),
    guards: z.boolean(),
    verdictId: z.string().optional(),
  }),
  'rollout.judged': judgement.extend(ofRollout),
  'rollout.stage-entered': z.strictObject({
    ...ofRollout,
    stage: z.int(),
    kind: z.enum(['shadow', 'canary', 'full']),
    share: z.number(),
  }),
  'rollout.held': z.strictObject({ ...ofRollout, reason: z.string() }),
  'rollout.resumed': z.strictObject({ ...ofRollout, reason: z.string() }),
  'rollout.share-changed': z.strictObject({ ...ofRollout, from: z.number(), share: z.number(), reason: z.string() }),
  'rollout.ended': z.strictObject({
    ...ofRollout,
    outcome: z.enum(['promoted', 'rolled-back']),
    reason: z.string(),
    model: z.string(),
    version: z.int(),
    verdictId: z.string().optional(),
  }),
  'deployment.rolled-back': z.strictObject({ ...ofDeployment, from: z.int(), to: z.int(), reason: z.string() }),
  'revision.live': z.strictObject({ ...ofDeployment, revision: z.int(), replica: z.string() }),
  'deployment.baseline-set': z.strictObject({ ...ofDeployment, probability: z.number(), source: z.string() }),
  'deployment.recalibrated': z.strictObject({
    ...ofDeployment,
    revision: z.int(),
    shift: z.number(),
    rows: z.int(),
    answeredLoss: z.number(),
    modelLoss: z.number(),
  }),
  'breaker.opened': z.strictObject({
    ...ofDeployment,
    mode: breakerMode,
    reason: z.string(),
    spent: z.number().optional(),
    amount: z.number().optional(),
    n: z.int().optional(),
  }),
  'breaker.closed': z.strictObject({ ...ofDeployment, reason: z.string() }),
  /** Outside of rollouts; without a deployment it is about all of them. */
  'replica.differed': z.strictObject({ replica: z.string(), deployment: z.string().optional(), reason: z.string() }),
  'replica.withheld': z.strictObject({ replica: z.string(), deployment: z.string(), reason: z.string() }),
  'replica.restored': z.strictObject({ replica: z.string(), deployment: z.string() }),
  'replica.agreed': z.strictObject({ replica: z.string(), deployment: z.string().optional() }),
} as const;
