import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { breakerMode } from '../serving.ts';
import { nothing, slug, timestamp } from '../shapes.ts';

export const valueGrouping = z.enum(['month', 'week', 'day', 'version']);
export type ValueGrouping = z.infer<typeof valueGrouping>;

/** A mean with its confidence limits; they are null where there are too few pairs to give any. */
const meanInterval = z.strictObject({ mean: z.number(), lower: z.number().nullable(), upper: z.number().nullable() });
export type MeanInterval = z.infer<typeof meanInterval>;

const valueRow = z.strictObject({
  /** `2013-05`, `2013-W22` (ISO), `2013-05-31`, `late-arrival/7` or `fallback`; `total` for all of it. */
  key: z.string(),
  /** The period by event time, in UTC, whole whatever part of it was asked for; null where rows are versions. */
  from: timestamp.nullable(),
  before: timestamp.nullable(),
  version: z
    .strictObject({
      deployment: z.string(),
      model: z.string(),
      /** Null: the baseline's constant, which answers while the breaker is open. */
      version: z.int().nullable(),
    })
    .nullable(),
  /** Answers that callers were given. */
  answered: z.int(),
  labelled: z.int(),
  /** Answered, and the outcome is not known yet. */
  pending: z.int(),
  /** Sum over the labelled answers, in the charter's currency; null while none is known. */
  value: z.number().nullable(),
  valuePerPrediction: z.number().nullable(),
  /** Mean, in nats. */
  logLoss: z.number().nullable(),
  /** Ties count half; null where one of the two outcomes is absent. */
  auc: z.number().nullable(),
  /** What the constant would have decided, on the labelled answers before which some outcome was known. */
  baseline: z
    .strictObject({
      n: z.int(),
      value: z.number().nullable(),
      valuePerPrediction: z.number().nullable(),
      logLoss: z.number(),
    })
    .nullable(),
  /** Model less baseline on the same answers: above 0 in value and below 0 in log loss is better. */
  difference: z
    .strictObject({
      n: z.int(),
      /** Sum. */
      value: z.number().nullable(),
      valuePerPrediction: meanInterval.nullable(),
      logLoss: meanInterval,
    })
    .nullable(),
});
export type ValueRow = z.infer<typeof valueRow>;

const budgetState = z.strictObject({
  deployment: z.string(),
  /** Null where the charter declares no loss budget. */
  budget: z
    .strictObject({
      amount: z.number(),
      windowMs: z.int(),
      onExhausted: breakerMode,
      /** Lost against the baseline in the window; null where no outcome in it is priced. */
      spent: z.number().nullable(),
      /** Answers whose outcome became known in the window. */
      n: z.int(),
      since: timestamp,
      until: timestamp,
    })
    .nullable(),
  breaker: z.strictObject({
    state: z.enum(['closed', 'open']),
    mode: breakerMode,
    reason: z.string().nullable(),
    changedAt: timestamp.nullable(),
  }),
});
export type BudgetState = z.infer<typeof budgetState>;

const valueSummary = z.strictObject({
  project: z.string(),
  currency: z.string(),
  by: valueGrouping,
  /** How the figures come about, in words. */
  method: z.strictObject({ interval: z.string(), confidence: z.number(), baseline: z.string() }),
  total: valueRow,
  /** In order of time, or of deployment and version; only those with answers. */
  rows: z.array(valueRow),
  budgets: z.array(budgetState),
});
export type ValueSummary = z.infer<typeof valueSummary>;

/** What decisions were worth. */
export const value = {
  summary: defineRoute({
    name: 'value.summary',
    method: 'GET',
    path: '/api/v1/projects/:project/value',
    summary: 'What the answers were worth, by period or model version, against the baseline; and the loss budgets',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ project: slug }),
    query: z.strictObject({
      by: valueGrouping.default('month'),
      from: z.coerce.number().int().optional().meta({ description: 'Event time, included' }),
      before: z.coerce.number().int().optional().meta({ description: 'Event time, not included' }),
    }),
    body: nothing,
    reply: valueSummary,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
};
