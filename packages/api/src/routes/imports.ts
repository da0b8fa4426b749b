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
const owner = z.enum(['run', 'logged-model']);

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
  files: z.strictObject({ owner, id, path: z.string() }).nullable(),
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

/** What one call brought that was not there before. */
const recorded = z.strictObject({ added: z.int(), changed: z.int(), points: z.int() });

const kind = z.enum(['run', 'logged-model', 'registered-model']);
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
    summary: 'Store a file of a run or logged model, deleted ones too; `path`, `digest` and `sizeBytes` in the query',
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
