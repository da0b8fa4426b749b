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
    path: '/api/v1/models/:model/alias-moves',
    summary: 'Every move of the aliases, newest first: which version was in use when, and who decided',
    params: ofModel,
    query: pageQuery.extend({ alias: alias.optional() }),
    reply: pageOf(move),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
};
