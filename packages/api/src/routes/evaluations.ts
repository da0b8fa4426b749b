import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { filterText, nothing, pageOf, timestamp } from '../shapes.ts';

const texts = z.record(z.string(), z.string());
const jsonText = z.string().meta({ description: 'JSON, which tells 1 from 1.0' });
/** Holds the sort keys of a row, which may be long texts. */
const cursor = z.string().max(100_000);
const dataset = z.strictObject({ dataset: z.string().regex(/^[\w-]{1,64}$/) });

const summary = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Another one after each change of the records. */
  digest: z.string(),
  recordCount: z.int(),
  tags: texts,
  experimentIds: z.array(z.string()),
  createdAt: timestamp,
  updatedAt: timestamp,
  createdBy: z.string().nullable(),
  updatedBy: z.string().nullable(),
});

/** A run that read it, as `mlflow.genai.evaluate` logs it, and the digest that it had then. */
const use = z.strictObject({ runId: z.string(), digest: z.string() });

const record = z.strictObject({
  id: z.string(),
  /** Values by field. */
  inputs: z.record(z.string(), jsonText),
  outputs: jsonText.nullable(),
  expectations: z.record(z.string(), jsonText).nullable(),
  tags: z.record(z.string(), jsonText),
  sourceType: z.enum(['UNSPECIFIED', 'TRACE', 'HUMAN', 'DOCUMENT', 'CODE']).nullable(),
  /** Of the trace it was made from, or what else its maker calls its source. */
  sourceId: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  createdBy: z.string().nullable(),
  updatedBy: z.string().nullable(),
});

const read = { method: 'GET', permission: 'read', bodyLimitBytes: 0, audit: 'none', body: nothing } as const;
const base = '/api/v1/evaluation-datasets';

/** Evaluation datasets, for the interface. Clients of MLflow make and change them by `mlflow`. */
export const evaluations = {
  listDatasets: defineRoute({
    ...read,
    name: 'evaluations.listDatasets',
    path: base,
    summary: 'Evaluation datasets, newest first',
    params: nothing,
    query: z.strictObject({
      /** Only those that are linked to it. */
      experiment: z
        .string()
        .regex(/^\d{1,15}$/)
        .optional(),
      /** MLflow's search language, e.g. `name LIKE '%support%' and tags.team = 'ops'`. */
      filter: filterText.optional(),
      /** e.g. `name ASC`. */
      orderBy: z.string().max(1_000).optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: cursor.optional(),
    }),
    reply: pageOf(summary).extend({ nextCursor: cursor.optional() }),
    errors: ['INVALID_ARGUMENT'],
  }),
  getDataset: defineRoute({
    ...read,
    name: 'evaluations.getDataset',
    path: `${base}/:dataset`,
    summary: 'One evaluation dataset, with the runs that read it',
    params: dataset,
    query: nothing,
    reply: summary.extend({
      /** JSON object: types of the fields of its records. */
      schema: jsonText.nullable(),
      /** The newest first; at most 100. */
      usedBy: z.array(use),
    }),
    errors: ['NOT_FOUND'],
  }),
  records: defineRoute({
    ...read,
    name: 'evaluations.records',
    path: `${base}/:dataset/records`,
    summary: 'Records of an evaluation dataset, in the order in which they came',
    params: dataset,
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: cursor.optional(),
    }),
    reply: pageOf(record).extend({ nextCursor: cursor.optional() }),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
};
