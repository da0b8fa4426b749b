import { z } from 'zod';
import { deploymentName, slug, timestamp } from './shapes.ts';

/** As the registry has them. */
const modelName = z.string().min(1).max(256);
const columnName = z.string().min(1).max(512);

/** Which columns of the input stand beside the answers: all, those of the dataset's declared key, or these. */
export const keptColumns = z.union([z.enum(['all', 'key']), z.array(columnName).max(10_000)]);
export type KeptColumns = z.infer<typeof keptColumns>;

/** What a row with a value that the model does not take does: it fails the job, or is answered with nulls and the reason. */
export const rowErrorPolicy = z.enum(['fail', 'null']);
export type RowErrorPolicy = z.infer<typeof rowErrorPolicy>;

const work = {
  sql: z
    .string()
    .min(1)
    .max(100_000)
    .optional()
    .meta({ description: 'One select (DuckDB) over the table `input`, whose rows the model is asked' }),
  columns: z
    .record(z.string().min(1).max(256), z.array(columnName).min(1).max(100_000))
    .default({})
    .meta({ description: 'Columns for an input of the model that has not its name: {"X": ["length", "width"]}' }),
  keep: keptColumns.default('all'),
  onError: rowErrorPolicy.default('fail'),
};

/** What it asks of the machine of its executor; as stages of pipelines do by `meta.resources` of dvc.yaml. */
const resources = z.strictObject({
  cpus: z.number().positive().max(1_000_000).optional(),
  gpus: z.int().min(0).max(1_000_000).optional(),
  memoryBytes: z.int().min(1).optional(),
});

/** What is to be predicted: by a deployment's champion or a revision of it, or by a version of a model. */
export const batchPredictionRequest = z
  .strictObject({
    deployment: deploymentName.optional(),
    revision: z.int().min(1).optional().meta({ description: 'Of the deployment; default: its champion' }),
    model: modelName.optional().meta({ description: 'A registered model, instead of a deployment' }),
    version: z.int().min(1).optional(),
    alias: z.string().min(1).max(256).optional(),
    input: z.string().min(1).max(64).meta({ description: 'Id of an accepted dataset version' }),
    ...work,
    to: slug.optional().meta({ description: 'Dataset of the input’s project that the result becomes a version of' }),
    executor: slug.default('local').meta({
      description:
        'Where it runs: local is the server’s machine; others are set up where the server starts, as for pipelines',
    }),
    resources: resources.default({}).meta({
      description:
        'Asked of another executor than local; default: one CPU, for a Python model one for each of its processes',
    }),
    requestKey: z.string().min(1).max(200).optional().meta({ description: 'The same key again gives the same job' }),
  })
  .superRefine(({ deployment, revision, model, version, alias, executor, resources: asked }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if ((deployment === undefined) === (model === undefined)) refuse('deployment', 'name a deployment or a model');
    if (revision !== undefined && deployment === undefined) refuse('revision', 'is of a deployment: name it');
    if (version !== undefined && alias !== undefined) refuse('alias', 'excludes version');
    if (executor === 'local' && Object.keys(asked).length > 0)
      refuse('resources', 'are asked of another executor than local, where a batch prediction takes one CPU');
    if (model === undefined && (version ?? alias) !== undefined) refuse('model', 'name the model of the version');
  });
export type BatchPredictionRequest = z.output<typeof batchPredictionRequest>;

export const batchPredictionState = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type BatchPredictionState = z.infer<typeof batchPredictionState>;

const versionPlace = z.strictObject({ versionId: z.string(), dataset: z.string(), number: z.int() });

export const batchPrediction = z.strictObject({
  id: z.string(),
  state: batchPredictionState,
  /** Why it failed. */
  reason: z.string().nullable(),
  /** Row (from 1, in the order of the input) and column that it failed by. */
  failedAt: z.strictObject({ row: z.int(), column: z.string().nullable() }).nullable(),
  /** Of the input and the result. */
  project: z.string(),
  input: versionPlace,
  deployment: z.string().nullable(),
  revision: z.int().nullable(),
  model: z.string(),
  version: z.int(),
  sql: z.string().nullable(),
  columns: z.record(z.string(), z.array(z.string())),
  keep: keptColumns,
  onError: rowErrorPolicy,
  /** Null where the result is only to be downloaded. */
  to: z.string().nullable(),
  rows: z.strictObject({
    /** Null until they are counted. */
    total: z.int().nullable(),
    done: z.int(),
    /** Answered with nulls. */
    failed: z.int(),
  }),
  rowsPerSecond: z.number().nullable(),
  /** Milliseconds that are left at this speed. */
  etaMs: z.int().nullable(),
  output: versionPlace.nullable(),
  /** Null before it has succeeded, and when it is no longer kept. */
  result: z
    .strictObject({
      digest: z.string(),
      sizeBytes: z.int(),
      format: z.enum(['parquet', 'csv']),
      /** Null for one that became a dataset version, and where all are kept for ever. */
      keptUntil: timestamp.nullable(),
    })
    .nullable(),
  executor: z.string(),
  /** That it ran on, or last did, as its executor calls it; null for the server's own, and before one is known. */
  machine: z.string().nullable(),
  resources,
  actor: z.string(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
});
export type BatchPrediction = z.infer<typeof batchPrediction>;
