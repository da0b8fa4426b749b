import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { nothing, pageOf, timestamp } from '../shapes.ts';

const texts = z.record(z.string(), z.string());
/** Nanoseconds since 1970 as decimal digits: more than a JSON number holds. */
const nanoseconds = z.string().regex(/^\d{1,19}$/);
const jsonText = z.string().meta({ description: 'JSON, which tells 1 from 1.0' });
/** Holds the sort keys of a row, which may be long texts. */
const cursor = z.string().max(100_000);

const assessment = z.strictObject({
  id: z.string(),
  kind: z.enum(['feedback', 'expectation', 'issue']),
  name: z.string(),
  value: z.unknown(),
  error: z.string().nullable(),
  rationale: z.string().nullable(),
  sourceType: z.enum(['SOURCE_TYPE_UNSPECIFIED', 'HUMAN', 'LLM_JUDGE', 'CODE']),
  sourceId: z.string().nullable(),
  spanId: z.string().nullable(),
  metadata: texts,
  /** False once another one stands in for it. */
  isValid: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const summary = z.strictObject({
  id: z.string(),
  experimentId: z.string(),
  /** Of the application's step at the root; null where nobody said. */
  name: z.string().nullable(),
  status: z.enum(['STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS']),
  startedAt: timestamp,
  durationMs: z.int().nullable(),
  requestPreview: z.string().nullable(),
  responsePreview: z.string().nullable(),
  clientRequestId: z.string().nullable(),
  tags: texts,
  metadata: texts,
  assessments: z.array(assessment),
});

const span = z.strictObject({
  spanId: z.string(),
  /** Null for the root. */
  parentId: z.string().nullable(),
  name: z.string(),
  type: z.string().nullable(),
  status: z.enum(['UNSET', 'OK', 'ERROR']),
  statusMessage: z.string(),
  startNs: nanoseconds,
  /** Null while it goes on. */
  endNs: nanoseconds.nullable(),
  attributes: z.record(z.string(), jsonText),
  events: z.array(z.strictObject({ name: z.string(), atNs: nanoseconds, attributes: z.record(z.string(), jsonText) })),
});

const trace = summary.extend({
  spans: z.array(span),
  /** Runs it belongs to, and prompt versions it used as `NAME/VERSION`. */
  runs: z.array(z.string()),
  prompts: z.array(z.string()),
});

const read = { permission: 'read', bodyLimitBytes: 0, audit: 'none', body: nothing } as const;

/** Traces of applications, for the interface and the command line. Clients of MLflow and OpenTelemetry use `mlflow`, `otel`. */
export const traces = {
  list: defineRoute({
    ...read,
    name: 'traces.list',
    method: 'GET',
    path: '/api/v1/experiments/:experiment/traces',
    summary: 'Traces of an experiment, newest first',
    params: z.strictObject({ experiment: z.string().regex(/^\d{1,15}$/) }),
    query: z.strictObject({
      /** MLflow's search language, e.g. `status = 'ERROR' and span.name LIKE '%search%'`. */
      filter: z.string().max(8_192).optional(),
      /** e.g. `execution_time_ms DESC`. */
      orderBy: z.string().max(1_000).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
      cursor: cursor.optional(),
    }),
    reply: pageOf(summary).extend({ nextCursor: cursor.optional() }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  get: defineRoute({
    ...read,
    name: 'traces.get',
    method: 'GET',
    path: '/api/v1/traces/:trace',
    summary: 'One trace with its spans',
    params: z.strictObject({ trace: z.string().regex(/^[\w.:-]{1,128}$/) }),
    query: nothing,
    reply: trace,
    errors: ['NOT_FOUND'],
  }),
};
