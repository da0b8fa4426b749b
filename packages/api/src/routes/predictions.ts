import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { servingRole } from '../serving.ts';
import { deployment } from './deployments.ts';
import { deploymentName, nothing, pageOf, pageQuery, timestamp } from '../shapes.ts';

const OUTCOMES_BODY_BYTES = 33_554_432;
const MAX_OUTCOMES = 20_000;

const deploymentParams = z.strictObject({ deployment: deploymentName });

const outcome = z.strictObject({
  /** The prediction id that the answer carried, or the example id that the request carried. */
  id: z.string().min(1).max(512),
  label: z.union([z.literal(0), z.literal(1), z.boolean().transform((value): 0 | 1 => (value ? 1 : 0))], {
    error: 'give 0, 1, true or false',
  }),
  /** When it happened; left out: when it is received. */
  at: timestamp.optional(),
});

export const prediction = z.strictObject({
  id: z.string(),
  deployment: z.string(),
  exampleId: z.string(),
  role: servingRole,
  revision: z.int(),
  modelVersion: z.int(),
  rollout: z.string().optional(),
  share: z.number(),
  eventTime: timestamp,
  predictedAt: timestamp,
  probability: z.number().optional(),
  /** Of the model's log odds, that is in the probability; absent where it is 0. */
  shift: z.number().optional(),
  decision: z.boolean().optional(),
  error: z.string().optional(),
  latencyUs: z.int(),
  label: z.union([z.literal(0), z.literal(1)]).optional(),
  labelAt: timestamp.optional(),
  loss: z.number().optional(),
  value: z.number().optional(),
  baselineValue: z.number().optional(),
});
export type Prediction = z.infer<typeof prediction>;

export const performanceRow = z.strictObject({
  revision: z.int(),
  modelVersion: z.int(),
  role: servingRole,
  predictions: z.int(),
  errors: z.int(),
  labelled: z.int(),
  positives: z.int(),
  meanLoss: z.number().optional(),
  value: z.number().optional(),
  baselineValue: z.number().optional(),
  /** What the model alone would have lost and been worth, without recalibration. */
  meanModelLoss: z.number().optional(),
  modelValue: z.number().optional(),
});
export type PerformanceRow = z.infer<typeof performanceRow>;

/** Logged answers and the truth that comes later. */
export const predictions = {
  recordOutcomes: defineRoute({
    name: 'predictions.recordOutcomes',
    method: 'POST',
    path: '/api/v1/deployments/:deployment/outcomes',
    summary: 'Records what really happened; the same outcome again has no effect, another label corrects the first',
    permission: 'write',
    bodyLimitBytes: OUTCOMES_BODY_BYTES,
    audit: 'outcomes.record',
    params: deploymentParams,
    query: nothing,
    body: z.strictObject({ outcomes: z.array(outcome).min(1).max(MAX_OUTCOMES) }),
    reply: z.strictObject({
      /** New, and joined with a prediction. */
      joined: z.int(),
      /** New, and kept until their prediction comes. */
      pending: z.int(),
      /** Known already, with the same label. */
      repeated: z.int(),
      /** Known already, with another label, which this one replaces. */
      corrected: z.int(),
    }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  judge: defineRoute({
    name: 'predictions.judge',
    method: 'POST',
    path: '/api/v1/deployments/:deployment/judgements',
    summary: 'Judges rollout and loss budget by everything that has come in, and answers when that is done',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'deployment.judge',
    params: deploymentParams,
    query: nothing,
    body: nothing,
    reply: z.strictObject({
      deployment,
      /** Data planes that have this version follow what was decided. */
      snapshotVersion: z.int(),
    }),
    errors: ['NOT_FOUND'],
  }),
  list: defineRoute({
    name: 'predictions.list',
    method: 'GET',
    path: '/api/v1/deployments/:deployment/predictions',
    summary: 'Logged answers, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: deploymentParams,
    query: pageQuery.extend({ example: z.string().max(256).optional(), role: servingRole.optional() }),
    body: nothing,
    reply: pageOf(prediction),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  query: defineRoute({
    name: 'predictions.query',
    method: 'POST',
    path: '/api/v1/predictions/query',
    summary: 'Asks the prediction log in SQL (DuckDB): one select about the table `predictions`',
    permission: 'read',
    bodyLimitBytes: 65_536,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: z.strictObject({
      sql: z.string().min(1).max(32_768),
      deployment: deploymentName.optional(),
      /** Answered at or after this, by whole files: filter by `predicted_at` for rows. */
      from: timestamp.optional(),
      to: timestamp.optional(),
      limit: z.int().min(1).max(100_000).default(1_000),
    }),
    reply: z.strictObject({
      rows: z.array(z.record(z.string(), z.unknown())),
      isCut: z.boolean().meta({ description: 'There were more rows than `limit`' }),
    }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'RESOURCE_EXHAUSTED'],
  }),
  performance: defineRoute({
    name: 'predictions.performance',
    method: 'GET',
    path: '/api/v1/deployments/:deployment/performance',
    summary: 'Counts, mean log loss and value by revision and role, over a window of event time',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: deploymentParams,
    query: z.strictObject({ from: z.coerce.number().int().optional(), to: z.coerce.number().int().optional() }),
    body: nothing,
    reply: z.strictObject({ rows: z.array(performanceRow), pendingOutcomes: z.int() }),
    errors: ['NOT_FOUND'],
  }),
};
