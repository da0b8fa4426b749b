import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { counted, filterText, nothing, pageOf, pageQuery, timestamp } from '../shapes.ts';

const texts = z.record(z.string(), z.string());
const name = z.string().min(1).max(256);
const number = z.coerce.number().int().min(1);
const alias = z.string().min(1).max(255);
const reason = z.string().max(2_000);

const aliasOf = z.strictObject({ alias: z.string(), version: z.int() });

const version = z.strictObject({
  model: z.string(),
  version: z.int(),
  source: z.string(),
  /** Where its files are, when they are not in Capstan and the source does not say it: of a copy. */
  filesUri: z.string().nullable(),
  runId: z.string().nullable(),
  loggedModelId: z.string().nullable(),
  runLink: z.string().nullable(),
  description: z.string().nullable(),
  stage: z.string(),
  createdBy: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: texts,
  aliases: z.array(z.string()),
});

const model = z.strictObject({
  name: z.string(),
  description: z.string().nullable(),
  project: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: texts,
  aliases: z.array(aliasOf),
  latestVersions: z.array(version),
});

/** What a version consists of; absent where Capstan does not hold its files, with the reason. */
const files = z.strictObject({
  flavor: z.string(),
  flavors: z.array(z.string()),
  files: z.array(z.strictObject({ path: z.string(), digest: z.string(), sizeBytes: z.int() })),
  onnx: z.string().optional(),
  signature: z.strictObject({ inputs: z.string().nullable(), outputs: z.string().nullable() }).nullable(),
  runId: z.string().nullable(),
});

/** One move of an alias: who, when, from which version to which, why, and on which verdict. */
const move = z.strictObject({
  seq: z.int(),
  alias: z.string(),
  from: z.int().nullable(),
  to: z.int().nullable(),
  actor: z.string(),
  reason: z.string().nullable(),
  verdictId: z.string().nullable(),
  at: timestamp,
});

const changeKind = z.enum([
  'model.created',
  'model.renamed',
  'model.deleted',
  'description.set',
  'tag.set',
  'tag.removed',
  'version.created',
  'version.deleted',
  'stage.set',
  'alias.set',
  'alias.removed',
]);

/** One change of a model, a version, a tag or an alias: what it was and became, by whom, when and why. */
const entry = z.strictObject({
  seq: z.int(),
  /** The model's name when it happened. */
  model: z.string(),
  version: z.int().nullable(),
  kind: changeKind,
  key: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actor: z.string(),
  reason: z.string().nullable(),
  verdictId: z.string().nullable(),
  at: timestamp,
  /** Its place in the chain of facts. */
  eventSeq: z.int(),
});

/** Holds the name of the last one. */
const namedCursor = z.string().max(4_096).optional();
const read = { permission: 'read', bodyLimitBytes: 0, audit: 'none', body: nothing } as const;
const ofModel = z.strictObject({ model: name });
const ofVersion = z.strictObject({ model: name, version: number });

/** Registered models, versions and aliases, for the interface and the command line. MLflow's clients use `mlflow`. */
export const registry = {
  listModels: defineRoute({
    ...read,
    name: 'registry.listModels',
    method: 'GET',
    path: '/api/v1/models',
    summary: 'Registered models by name, with their aliases and newest versions',
    params: nothing,
    query: pageQuery.extend({ filter: filterText.optional(), cursor: namedCursor }),
    reply: pageOf(model).extend({ nextCursor: namedCursor }),
    errors: ['INVALID_ARGUMENT'],
  }),
  countModels: defineRoute({
    ...read,
    name: 'registry.countModels',
    method: 'GET',
    path: '/api/v1/counts/models',
    summary: 'How many registered models a filter meets',
    params: nothing,
    query: z.strictObject({ filter: filterText.optional() }),
    reply: counted,
    errors: ['INVALID_ARGUMENT'],
  }),
  getModel: defineRoute({
    ...read,
    name: 'registry.getModel',
    method: 'GET',
    path: '/api/v1/models/:model',
    summary: 'One registered model',
    params: ofModel,
    query: nothing,
    reply: model,
    errors: ['NOT_FOUND'],
  }),
  describeModel: defineRoute({
    name: 'registry.describeModel',
    method: 'PATCH',
    path: '/api/v1/models/:model',
    summary: 'Changes the description of a registered model',
    permission: 'write',
    bodyLimitBytes: 500_000,
    audit: 'model.describe',
    params: ofModel,
    query: nothing,
    body: z.strictObject({ description: z.string().nullable() }),
    reply: model,
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  listVersions: defineRoute({
    ...read,
    name: 'registry.listVersions',
    method: 'GET',
    path: '/api/v1/models/:model/versions',
    summary: 'Versions of a registered model, greatest number first',
    params: ofModel,
    query: pageQuery.extend({ cursor: namedCursor }),
    reply: pageOf(version).extend({ nextCursor: namedCursor }),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  countVersions: defineRoute({
    ...read,
    name: 'registry.countVersions',
    method: 'GET',
    path: '/api/v1/counts/model-versions',
    summary: "How many versions a filter meets, e.g. `name = 'late' and tags.stage = 'try'`",
    params: nothing,
    query: z.strictObject({ filter: filterText.optional() }),
    reply: counted,
    errors: ['INVALID_ARGUMENT'],
  }),
  getVersion: defineRoute({
    ...read,
    name: 'registry.getVersion',
    method: 'GET',
    path: '/api/v1/models/:model/versions/:version',
    summary: 'One version and what it consists of',
    params: ofVersion,
    query: nothing,
    reply: version.extend({ files: files.nullable(), whyNoFiles: z.string().nullable() }),
    errors: ['NOT_FOUND'],
  }),
  describeVersion: defineRoute({
    name: 'registry.describeVersion',
    method: 'PATCH',
    path: '/api/v1/models/:model/versions/:version',
    summary: 'Changes the description of a version',
    permission: 'write',
    bodyLimitBytes: 500_000,
    audit: 'model-version.describe',
    params: ofVersion,
    query: nothing,
    body: z.strictObject({ description: z.string().nullable() }),
    reply: version,
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  setAlias: defineRoute({
    name: 'registry.setAlias',
    method: 'PUT',
    path: '/api/v1/models/:model/aliases/:alias',
    summary: 'Points an alias to a version, in one step',
    permission: 'deploy',
    bodyLimitBytes: 20_000,
    audit: 'model-alias.set',
    params: z.strictObject({ model: name, alias }),
    query: nothing,
    body: z.strictObject({ version: z.int().min(1), reason: reason.optional() }),
    reply: aliasOf,
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  removeAlias: defineRoute({
    name: 'registry.removeAlias',
    method: 'DELETE',
    path: '/api/v1/models/:model/aliases/:alias',
    summary: 'Removes an alias; its history stays',
    permission: 'deploy',
    bodyLimitBytes: 0,
    audit: 'model-alias.remove',
    params: z.strictObject({ model: name, alias }),
    query: z.strictObject({ reason: reason.optional() }),
    body: nothing,
    reply: z.strictObject({ alias: z.string() }),
    errors: ['NOT_FOUND'],
  }),
  aliasHistory: defineRoute({
    ...read,
    name: 'registry.aliasHistory',
    method: 'GET',
    path: '/api/v1/models/:model/aliases/:alias/history',
    summary: 'What an alias means, now or at a time, and every move of it until then, newest first: who, when and why',
    params: z.strictObject({ model: name, alias }),
    query: pageQuery.extend({ at: z.coerce.number().int().optional() }),
    reply: pageOf(move).extend({ version: z.int().nullable() }),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  history: defineRoute({
    ...read,
    name: 'registry.history',
    method: 'GET',
    path: '/api/v1/models/:model/history',
    summary:
      'Everything that happened to a model and its versions, newest first, also under earlier names and after deletion',
    params: ofModel,
    query: pageQuery.extend({
      version: number.optional(),
      kind: changeKind.optional(),
      /** Alias, or key of a tag. */
      key: z.string().max(250).optional(),
      until: z.coerce.number().int().optional(),
    }),
    reply: pageOf(entry),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
};
