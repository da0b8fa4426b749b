import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { counted, filterText, nothing, pageOf, pageQuery, timestamp } from '../shapes.ts';
import { experimentArtifacts } from './experiment-artifacts.ts';

const id = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/);
const texts = z.record(z.string(), z.string());
const lifecycle = z.enum(['active', 'deleted']);
const view = z.enum(['active', 'deleted', 'all']).default('active');
/** Derived from the status and the last write at each read: `lost` claims to run, and was silent for too long. */
const liveness = z.enum(['scheduled', 'running', 'lost', 'ended']);
const runStatus = z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);
/** A step; one beyond ±2^53 is rounded here, and exact over the MLflow protocol. */
const step = z.number();
/** A metric's value; JSON has no NaN. */
const value = z.union([z.number(), z.literal('NaN')]);

const experiment = z.strictObject({
  id: z.string(),
  name: z.string(),
  lifecycle,
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: texts,
  runs: z.strictObject({ active: z.int(), deleted: z.int() }),
});

/** The point that counts, and the extremes over all points (null when all are NaN). */
const latestMetric = z.strictObject({
  value,
  step,
  timestamp: z.number(),
  min: z.number().nullable(),
  max: z.number().nullable(),
});

const runSummary = z.strictObject({
  id: z.string(),
  experimentId: z.string(),
  name: z.string(),
  user: z.string(),
  status: runStatus,
  startTime: timestamp,
  endTime: timestamp.nullable(),
  lifecycle,
  liveness,
  /** Last time anything of it changed. */
  updatedAt: timestamp,
  metrics: z.record(z.string(), latestMetric),
  params: texts,
  tags: texts,
  /** Active runs nested in it; given where they were asked for. */
  children: z.int().optional(),
});

const dataset = z.strictObject({
  name: z.string(),
  digest: z.string(),
  sourceType: z.string(),
  source: z.string(),
  schema: z.string().nullable(),
  profile: z.string().nullable(),
  tags: texts,
});

const run = runSummary.extend({
  datasets: z.array(dataset),
  modelInputs: z.array(z.string()),
  modelOutputs: z.array(z.strictObject({ modelId: z.string(), step })),
});

const point = z.strictObject({ step, timestamp: z.number(), value });

const bucket = z.strictObject({
  firstStep: step,
  lastStep: step,
  count: z.int(),
  nans: z.int(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  last: point,
});

const loggedModel = z.strictObject({
  id: z.string(),
  experimentId: z.string(),
  name: z.string(),
  modelType: z.string(),
  status: z.enum(['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED']),
  sourceRunId: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: texts,
  params: texts,
  metrics: z.array(
    point.extend({ key: z.string(), runId: z.string(), datasetName: z.string(), datasetDigest: z.string() }),
  ),
});

/** Holds the sort keys of a row, which may be long texts. */
const sortedCursor = z.string().max(100_000);

const groupKey = z.strictObject({ of: z.enum(['param', 'tag']), key: z.string().min(1).max(250) });

const search = z.strictObject({
  experimentIds: z.array(id).min(1).max(1_000),
  /** MLflow's search language, e.g. `metrics.accuracy > 0.9 and params.model = 'xgb'`. */
  filter: filterText.optional(),
  /** Besides the filter: runs with just these values; null where they must have none. */
  within: z
    .array(groupKey.extend({ value: z.string().nullable() }))
    .max(10)
    .default([]),
  view,
});
/** Terms such as `metrics.accuracy DESC`. */
const metricValue = z.enum(['last', 'min', 'max']);
const orderBy = z.array(z.string().max(1_000)).max(10).default([]);

const groupedMetric = z.strictObject({
  count: z.int(),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  std: z.number().nullable(),
});

/** Every run was looked at, and nothing found was left out. */
const isWhole = z.boolean();
const keys = z.array(z.string()).max(1_000);
const ids = z.array(id).min(1).max(1_000);
const changed = z.strictObject({ changed: z.int() });
const read = { permission: 'read', bodyLimitBytes: 0, audit: 'none', body: nothing } as const;

/** Experiments, runs and what was logged, for the interface and the command line. MLflow's clients use `mlflow`. */
export const experiments = {
  list: defineRoute({
    ...read,
    name: 'experiments.list',
    method: 'GET',
    path: '/api/v1/experiments',
    summary: 'Experiments, newest first, with how many runs they have',
    params: nothing,
    query: pageQuery.extend({ filter: filterText.optional(), view }),
    reply: pageOf(experiment),
    errors: ['INVALID_ARGUMENT'],
  }),
  count: defineRoute({
    ...read,
    name: 'experiments.count',
    method: 'GET',
    path: '/api/v1/counts/experiments',
    summary: 'How many experiments a filter meets',
    params: nothing,
    query: z.strictObject({ filter: filterText.optional(), view }),
    reply: counted,
    errors: ['INVALID_ARGUMENT'],
  }),
  get: defineRoute({
    ...read,
    name: 'experiments.get',
    method: 'GET',
    path: '/api/v1/experiments/:experiment',
    summary: 'One experiment',
    params: z.strictObject({ experiment: id }),
    query: nothing,
    reply: experiment,
    errors: ['NOT_FOUND'],
  }),
  keys: defineRoute({
    ...read,
    name: 'experiments.keys',
    method: 'GET',
    path: '/api/v1/experiments/:experiment/keys',
    summary: 'Names of the metrics, params and tags that its runs have ever logged, by how they begin',
    params: z.strictObject({ experiment: id }),
    query: z.strictObject({
      prefix: z.string().max(250).default(''),
      /** Of each kind. */
      limit: z.coerce.number().int().min(1).max(10_000).default(5_000),
    }),
    reply: z.strictObject({
      metrics: z.array(z.string()),
      params: z.array(z.string()),
      tags: z.array(z.string()),
      isWhole,
    }),
    errors: ['NOT_FOUND'],
  }),
  values: defineRoute({
    ...read,
    name: 'experiments.values',
    method: 'GET',
    path: '/api/v1/experiments/:experiment/values',
    summary: 'Values that a param or tag has in its newest active runs, by how they begin',
    params: z.strictObject({ experiment: id }),
    query: groupKey.extend({
      prefix: z.string().max(250).default(''),
      limit: z.coerce.number().int().min(1).max(1_000).default(20),
    }),
    reply: z.strictObject({ values: z.array(z.string()), isWhole }),
    errors: ['NOT_FOUND'],
  }),
  searchRuns: defineRoute({
    name: 'experiments.searchRuns',
    method: 'POST',
    path: '/api/v1/runs/search',
    summary: 'Runs that meet a filter, with only the metrics, params and tags asked for',
    permission: 'read',
    bodyLimitBytes: 256_000,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: search.extend({
      orderBy,
      /** Which value of the metrics in `orderBy` counts: one for all, or by name, the last where none is said. */
      orderMetricsBy: z.union([metricValue, z.record(z.string(), metricValue)]).default('last'),
      /** Count the runs nested in each. */
      withChildren: z.boolean().default(false),
      metrics: keys.default([]),
      params: keys.default([]),
      tags: keys.default([]),
      limit: z.int().min(1).max(1_000).default(100),
      cursor: sortedCursor.optional(),
    }),
    reply: pageOf(runSummary).extend({ nextCursor: sortedCursor.optional() }),
    errors: ['INVALID_ARGUMENT'],
  }),
  countRuns: defineRoute({
    name: 'experiments.countRuns',
    method: 'POST',
    path: '/api/v1/runs/count',
    summary: 'How many runs a filter meets',
    permission: 'read',
    bodyLimitBytes: 256_000,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: search,
    reply: counted,
    errors: ['INVALID_ARGUMENT'],
  }),
  getRun: defineRoute({
    ...read,
    name: 'experiments.getRun',
    method: 'GET',
    path: '/api/v1/runs/:run',
    summary: 'One run with all that was logged to it',
    params: z.strictObject({ run: id }),
    query: nothing,
    reply: run,
    errors: ['NOT_FOUND'],
  }),
  getRuns: defineRoute({
    name: 'experiments.getRuns',
    method: 'POST',
    path: '/api/v1/runs/get',
    summary: 'Runs by id, each with all that was logged to it; unknown ids are left out',
    permission: 'read',
    bodyLimitBytes: 100_000,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: z.strictObject({ ids: z.array(id).min(1).max(500) }),
    reply: z.strictObject({ items: z.array(runSummary) }),
    errors: ['INVALID_ARGUMENT'],
  }),
  groupRuns: defineRoute({
    name: 'experiments.groupRuns',
    method: 'POST',
    path: '/api/v1/runs/groups',
    summary: 'Runs that meet a filter by params or tags, the largest group first, with figures of metrics in each',
    permission: 'read',
    bodyLimitBytes: 256_000,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: search.extend({
      by: z.array(groupKey).min(1).max(3),
      metrics: z.array(z.string()).max(100).default([]),
      limit: z.int().min(1).max(1_000).default(200),
    }),
    reply: z.strictObject({
      items: z.array(
        z.strictObject({
          /** Of each key; null for runs that lack it. */
          values: z.array(z.string().nullable()),
          runs: z.int(),
          metrics: z.record(z.string(), groupedMetric),
        }),
      ),
      /** There are more groups than `limit`. */
      hasMore: z.boolean(),
    }),
    errors: ['INVALID_ARGUMENT'],
  }),
  differingKeys: defineRoute({
    name: 'experiments.differingKeys',
    method: 'POST',
    path: '/api/v1/runs/differing',
    summary: 'Names of what differs among the first 1,000 runs of a search, or is missing in some of them',
    permission: 'read',
    bodyLimitBytes: 256_000,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: search.extend({ orderBy }),
    reply: z.strictObject({
      /** How many runs were looked at. */
      runs: z.int(),
      metrics: z.array(z.string()),
      params: z.array(z.string()),
      tags: z.array(z.string()),
    }),
    errors: ['INVALID_ARGUMENT'],
  }),
  metricSeries: defineRoute({
    name: 'experiments.metricSeries',
    method: 'POST',
    path: '/api/v1/metrics/series',
    summary: 'A metric of runs, each in at most so many buckets of steps that keep every extreme',
    permission: 'read',
    bodyLimitBytes: 32_000,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: z.strictObject({
      runs: z.array(id).min(1).max(100),
      key: z.string().min(1).max(250),
      from: z.int().optional(),
      to: z.int().optional(),
      buckets: z.int().min(1).max(5_000).default(500),
    }),
    reply: z.strictObject({
      /** In the order asked for; a run that does not exist, or has no such metric, has no points. */
      items: z.array(z.strictObject({ run: z.string(), count: z.int(), buckets: z.array(bucket) })),
    }),
    errors: ['INVALID_ARGUMENT'],
  }),
  deleteRuns: defineRoute({
    name: 'experiments.deleteRuns',
    method: 'POST',
    path: '/api/v1/runs/delete',
    summary: 'Marks runs as deleted; they can be restored',
    permission: 'write',
    bodyLimitBytes: 300_000,
    audit: 'run.delete',
    params: nothing,
    query: nothing,
    body: z.strictObject({ ids }),
    reply: changed,
    errors: ['NOT_FOUND'],
  }),
  restoreRuns: defineRoute({
    name: 'experiments.restoreRuns',
    method: 'POST',
    path: '/api/v1/runs/restore',
    summary: 'Takes back the deletion of runs',
    permission: 'write',
    bodyLimitBytes: 300_000,
    audit: 'run.restore',
    params: nothing,
    query: nothing,
    body: z.strictObject({ ids }),
    reply: changed,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  setRunTags: defineRoute({
    name: 'experiments.setRunTags',
    method: 'POST',
    path: '/api/v1/runs/tags',
    summary: 'Sets tags on runs',
    permission: 'write',
    bodyLimitBytes: 1_000_000,
    audit: 'run.tag',
    params: nothing,
    query: nothing,
    body: z.strictObject({ ids, tags: texts }),
    reply: changed,
    errors: ['NOT_FOUND', 'CONFLICT', 'INVALID_ARGUMENT'],
  }),
  getLoggedModel: defineRoute({
    ...read,
    name: 'experiments.getLoggedModel',
    method: 'GET',
    path: '/api/v1/logged-models/:model',
    summary: 'One logged model',
    params: z.strictObject({ model: id }),
    query: nothing,
    reply: loggedModel,
    errors: ['NOT_FOUND'],
  }),
  ...experimentArtifacts,
};
