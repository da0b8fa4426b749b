import { z } from 'zod';
import { defineRawRoute, defineRoute } from '../route.ts';
import { nothing, timestamp } from '../shapes.ts';

/** Objects of one call are stored together; a caller that has more sends several. */
const BATCH_LIMIT_BYTES = 64 * 1024 * 1024;
const JSON_LIMIT_BYTES = 8_000_000;
/** One file; the disk is the limit. */
const FILE_LIMIT_BYTES = 2 ** 42;

const id = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/);
const texts = z.record(z.string(), z.string());
const lifecycle = z.enum(['active', 'deleted']);
const runStatus = z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);
const modelStatus = z.enum(['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED']);
/** Where it all comes from, without credentials; what was brought from there before is known by it. */
const source = z.string().min(1).max(2_000);
/** A 64-bit integer: as text beyond ±(2^53 - 1). */
const int64 = z.union([z.int(), z.string().regex(/^-?\d{1,19}$/)]);
const value = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const owner = z.enum(['run', 'logged-model', 'trace']);
/** Whose files a model version may stand for. */
const modelFilesOwner = z.enum(['run', 'logged-model']);
const traceId = z.string().regex(/^[\w.:-]{1,128}$/);
/** Nanoseconds since 1970. */
const nanoseconds = z
  .string()
  .regex(/^\d{1,19}$/)
  .refine((text) => BigInt(text) < 2n ** 63n, 'More than 64 bits hold');

const tagged = z.strictObject({
  /** Its id where it comes from. */
  sourceId: z.string().min(1).max(256),
  name: z.string(),
  lifecycle,
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: texts,
});

/** What became of an experiment: it kept its id, took another one, went into one of its name, or was brought before. */
const placement = z.strictObject({
  sourceId: z.string(),
  name: z.string(),
  id: z.string(),
  how: z.enum(['kept', 'renumbered', 'merged', 'known']),
});

/** Points of one metric: three lists of one length. */
const series = z.strictObject({
  key: z.string(),
  steps: z.array(int64),
  timestamps: z.array(int64),
  values: z.array(value),
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

const run = z.strictObject({
  id,
  experimentId: id,
  name: z.string(),
  user: z.string(),
  status: runStatus,
  startTime: timestamp,
  endTime: timestamp.nullable(),
  lifecycle,
  params: texts,
  tags: texts,
  datasets: z.array(dataset),
  modelInputs: z.array(id),
  modelOutputs: z.array(z.strictObject({ modelId: id, step: int64 })),
  metrics: z.array(series),
});

const loggedModel = z.strictObject({
  id,
  experimentId: id,
  name: z.string(),
  modelType: z.string(),
  status: modelStatus,
  sourceRunId: id.nullable(),
  lifecycle,
  createdAt: timestamp,
  updatedAt: timestamp,
  params: texts,
  tags: texts,
  metrics: z.array(series.extend({ runId: id, datasetName: z.string(), datasetDigest: z.string() })),
});

const version = z.strictObject({
  version: z.int().min(1),
  source: z.string(),
  /** Whose files it stands for, and which of them; null where they are nobody's here. */
  files: z.strictObject({ owner: modelFilesOwner, id, path: z.string() }).nullable(),
  runId: id.nullable(),
  loggedModelId: id.nullable(),
  runLink: z.string().nullable(),
  description: z.string().nullable(),
  stage: z.enum(['None', 'Staging', 'Production', 'Archived']),
  user: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: texts,
});

const registeredModel = z.strictObject({
  name: z.string(),
  description: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: texts,
  /** Greatest number ever given under the name, deleted versions included. */
  lastVersion: z.int().min(0),
  versions: z.array(version),
  aliases: z.record(z.string(), z.int()),
});

const span = z.strictObject({
  spanId: z.string().regex(/^[0-9a-f]{1,32}$/),
  parentId: z.string().nullable(),
  name: z.string(),
  status: z.enum(['UNSET', 'OK', 'ERROR']),
  statusMessage: z.string(),
  startNs: nanoseconds,
  endNs: nanoseconds.nullable(),
  /** JSON text of each value. */
  attributes: texts,
  events: z.array(z.strictObject({ name: z.string(), atNs: nanoseconds, attributes: texts })),
  links: z.array(z.strictObject({ traceId: z.string(), spanId: z.string(), attributes: texts })),
});

const assessment = z.strictObject({
  id: z.string(),
  kind: z.enum(['feedback', 'expectation', 'issue']),
  name: z.string(),
  value: z.json(),
  error: z
    .strictObject({ code: z.string().nullable(), message: z.string().nullable(), stackTrace: z.string().nullable() })
    .nullable(),
  rationale: z.string().nullable(),
  sourceType: z.enum(['SOURCE_TYPE_UNSPECIFIED', 'HUMAN', 'LLM_JUDGE', 'CODE']),
  sourceId: z.string().nullable(),
  spanId: z.string().nullable(),
  metadata: texts,
  overrides: z.string().nullable(),
  isValid: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const trace = z.strictObject({
  id: traceId,
  experimentId: id,
  clientRequestId: z.string().nullable(),
  requestPreview: z.string().nullable(),
  responsePreview: z.string().nullable(),
  startedAt: timestamp,
  durationMs: z.int().nullable(),
  status: z.enum(['STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS']),
  tags: texts,
  metadata: texts,
  assessments: z.array(assessment),
  runs: z.array(id),
  /** `NAME/VERSION`. */
  prompts: z.array(z.string()),
  /** All of them, or some: spans add up over calls. */
  spans: z.array(span),
});

const evaluationDataset = z.strictObject({
  id,
  name: z.string(),
  digest: z.string().max(64),
  /** JSON object. */
  schema: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  createdBy: z.string().nullable(),
  updatedBy: z.string().nullable(),
  tags: texts,
  experimentIds: z.array(id),
});

/** Values are JSON texts. */
const evaluationRecord = z.strictObject({
  id,
  inputs: z.string(),
  outputs: z.string().nullable(),
  expectations: z.string().nullable(),
  tags: z.string(),
  source: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  createdBy: z.string().nullable(),
  updatedBy: z.string().nullable(),
});

const scorer = z.strictObject({
  id,
  experimentId: id,
  name: z.string(),
  versions: z.array(z.strictObject({ version: z.int().min(1), serialized: z.string(), createdAt: timestamp })),
});

/** What one call brought that was not there before. */
const recorded = z.strictObject({ added: z.int(), changed: z.int(), points: z.int() });

const counted = recorded.omit({ points: true });

const kind = z.enum(['run', 'logged-model', 'registered-model', 'trace', 'evaluation-dataset', 'scorer']);
/** An object as it is at its source: the same mark, the same object. */
const mark = z.strictObject({ id: z.string().max(256), mark: z.string().max(128) });
const file = z.strictObject({ path: z.string(), sizeBytes: z.int(), digest: digest.optional() });

const base = '/api/v1/imports';
const bulk = { method: 'POST', permission: 'admin', params: nothing, query: nothing } as const;

/**
 * What another tracker holds, brought here with its ids and times. Each call is all or nothing, and may be repeated:
 * what is there already in the same words has no effect.
 */
export const imports = {
  start: defineRoute({
    ...bulk,
    name: 'imports.start',
    path: `${base}/start`,
    summary: 'Note that an import begins',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    audit: 'import.start',
    body: z.strictObject({ source, kind: z.enum(['server', 'database', 'folder']) }),
    reply: nothing,
    errors: ['INVALID_ARGUMENT'],
  }),
  experiments: defineRoute({
    ...bulk,
    name: 'imports.experiments',
    path: `${base}/experiments`,
    summary: 'Find or make the experiments that others are brought into',
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    audit: 'import.experiments',
    body: z.strictObject({ source, experiments: z.array(tagged).max(10_000), isDryRun: z.boolean().default(false) }),
    reply: z.strictObject({ items: z.array(placement) }),
    errors: ['INVALID_ARGUMENT'],
  }),
  pending: defineRoute({
    ...bulk,
    name: 'imports.pending',
    path: `${base}/pending`,
    summary: 'Which of these objects are not here as they are at their source',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    audit: 'none',
    body: z.strictObject({ source, kind, items: z.array(mark).max(10_000) }),
    reply: z.strictObject({ ids: z.array(z.string()) }),
    errors: ['INVALID_ARGUMENT'],
  }),
  done: defineRoute({
    ...bulk,
    name: 'imports.done',
    path: `${base}/done`,
    summary: 'Note that these objects are here as they are at their source',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    audit: 'import.done',
    body: z.strictObject({ source, kind, items: z.array(mark).max(10_000) }),
    reply: nothing,
    errors: ['INVALID_ARGUMENT'],
  }),
  runs: defineRoute({
    ...bulk,
    name: 'imports.runs',
    path: `${base}/runs`,
    summary: 'Store runs with what was logged to them',
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    audit: 'import.runs',
    body: z.strictObject({ source, runs: z.array(run).max(10_000) }),
    reply: recorded,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  loggedModels: defineRoute({
    ...bulk,
    name: 'imports.loggedModels',
    path: `${base}/logged-models`,
    summary: 'Store logged models',
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    audit: 'import.logged-models',
    body: z.strictObject({ source, models: z.array(loggedModel).max(10_000) }),
    reply: recorded,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  registeredModel: defineRoute({
    ...bulk,
    name: 'imports.registeredModel',
    path: `${base}/registered-models`,
    summary: 'Store a registered model with its versions and aliases, numbers as they are',
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    audit: 'import.registered-model',
    body: z.strictObject({ source, model: registeredModel, isDryRun: z.boolean().default(false) }),
    reply: recorded.extend({
      /** Versions that are other ones here already: they stay as they are. */
      clashes: z.array(z.int()),
    }),
    errors: ['INVALID_ARGUMENT'],
  }),
  traces: defineRoute({
    ...bulk,
    name: 'imports.traces',
    path: `${base}/traces`,
    summary: 'Store traces with their spans, assessments and links',
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    audit: 'import.traces',
    body: z.strictObject({ source, traces: z.array(trace).max(10_000) }),
    reply: counted,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  evaluationDataset: defineRoute({
    ...bulk,
    name: 'imports.evaluationDataset',
    path: `${base}/evaluation-datasets`,
    summary: 'Store an evaluation dataset without its records',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    audit: 'import.evaluation-dataset',
    body: z.strictObject({ source, dataset: evaluationDataset }),
    reply: counted,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  evaluationRecords: defineRoute({
    ...bulk,
    name: 'imports.evaluationRecords',
    path: `${base}/evaluation-records`,
    summary: 'Store records of an evaluation dataset',
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    audit: 'import.evaluation-records',
    body: z.strictObject({ source, datasetId: id, records: z.array(evaluationRecord).max(10_000) }),
    reply: counted,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  scorer: defineRoute({
    ...bulk,
    name: 'imports.scorer',
    path: `${base}/scorers`,
    summary: 'Store a scorer with its versions, numbers as they are',
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    audit: 'import.scorer',
    body: z.strictObject({ source, scorer }),
    reply: counted.extend({
      /** Versions that are other ones here already: they stay as they are. */
      clashes: z.array(z.int()),
    }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  linkFiles: defineRoute({
    ...bulk,
    name: 'imports.linkFiles',
    path: `${base}/files`,
    summary: 'Which of these files are not here yet; those whose bytes are here already are put in their place',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    audit: 'import.files',
    body: z.strictObject({ owner, id, files: z.array(file).max(10_000) }),
    reply: z.strictObject({ missing: z.array(z.string()), linked: z.int() }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  putFile: defineRawRoute({
    name: 'imports.putFile',
    method: 'PUT',
    path: `${base}/files/:owner/:id`,
    summary:
      'Store a file of a run, logged model or trace, deleted ones too; `path`, `digest` and `sizeBytes` in the query',
    permission: 'admin',
    protocol: 'native',
    bodyAs: 'stream',
    bodyLimitBytes: FILE_LIMIT_BYTES,
    audit: 'import.file',
  }),
  finish: defineRoute({
    ...bulk,
    name: 'imports.finish',
    path: `${base}/finish`,
    summary: 'Note how an import ended',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    audit: 'import.finish',
    body: z.strictObject({ source, counts: z.record(z.string(), z.int()), refused: z.int() }),
    reply: nothing,
    errors: ['INVALID_ARGUMENT'],
  }),
};
