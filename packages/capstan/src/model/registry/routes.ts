import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import { DomainError, invalid } from '#kernel/errors';
import { isPromptTag, PROMPT_TAG, type KeyValue, type ModelVersion, type RegisteredModel } from './model.ts';
import type { ModelRegistry } from './service.ts';

const table = routes.registry;

export function registryRoutes(registry: ModelRegistry): BoundRoute[] {
  return [...modelRoutes(registry), ...versionRoutes(registry), ...aliasRoutes(registry)];
}

function modelRoutes(registry: ModelRegistry): BoundRoute[] {
  return [
    bind(table.listModels, async ({ query: { cursor, filter, limit } }) => {
      const page = await registry.searchModels({ filter, limit, pageToken: cursor });
      return { items: page.models.map(modelReply), ...nextCursor(page.nextPageToken) };
    }),
    bind(table.countModels, async ({ query }) => ({ count: await registry.countModels(query) })),
    bind(table.getModel, async ({ params }) => modelReply(await registry.getModel(params.model))),
    bind(table.describeModel, async ({ params, body }, { cause }) =>
      modelReply(await registry.describeModel({ name: params.model, description: body.description, cause })),
    ),
  ];
}

function versionRoutes(registry: ModelRegistry): BoundRoute[] {
  return [
    bind(table.listVersions, async ({ params, query: { cursor, limit } }) => {
      const { name, tags } = await registry.getModel(params.model);
      // A search hides prompts from who does not ask for them.
      const ofPrompts = tags.some(isPromptTag) ? ` and tags.\`${PROMPT_TAG}\` = 'true'` : '';
      const filter = `name = '${name.replaceAll("'", "''")}'${ofPrompts}`;
      const page = await registry.searchVersions({
        filter,
        orderBy: ['version_number DESC'],
        limit,
        pageToken: cursor,
      });
      return { items: page.versions.map(versionReply), ...nextCursor(page.nextPageToken) };
    }),
    bind(table.countVersions, async ({ query }) => ({ count: await registry.countVersions(query) })),
    bind(table.getVersion, async ({ params }) => {
      const version = await registry.getVersion(params.model, params.version);
      return { ...versionReply(version), ...(await filesReply(registry, version)) };
    }),
    bind(table.describeVersion, async ({ params, body }, { cause }) =>
      versionReply(await registry.describeVersion({ ...params, description: body.description, cause })),
    ),
  ];
}

function aliasRoutes(registry: ModelRegistry): BoundRoute[] {
  return [
    bind(table.setAlias, async ({ params, body }, { cause }) => {
      await registry.setAlias({ ...params, ...body, cause });
      return { alias: params.alias, version: body.version };
    }),
    bind(table.removeAlias, async ({ params, query }, { cause }) => {
      await registry.removeAlias({ ...params, reason: query.reason, cause });
      return { alias: params.alias };
    }),
    bind(table.aliasHistory, async ({ params: { model, alias }, query }) => {
      const before = query.cursor === undefined ? undefined : seqOf(query.cursor);
      const until = query.at ?? Number.MAX_SAFE_INTEGER;
      const { version } = await registry.aliasAt(model, alias, until);
      const moves = await registry.aliasHistory({ model, alias, before, until, limit: query.limit + 1 });
      return { version, ...pageOf(moves, query.limit) };
    }),
    bind(table.history, async ({ params: { model }, query: { limit, cursor, kind, ...query } }) => {
      const before = cursor === undefined ? undefined : seqOf(cursor);
      const kinds = kind === undefined ? undefined : [kind];
      return pageOf(await registry.history({ model, ...query, kinds, before, limit: limit + 1 }), limit);
    }),
  ];
}

/** The files of a version, or why they cannot be told: a version without files is still one to look at. */
async function filesReply(registry: ModelRegistry, { model, version }: ModelVersion) {
  try {
    const { files, flavors, ...facts } = await registry.modelFiles(model, version);
    return { files: { ...facts, flavors: [...flavors], files: [...files] }, whyNoFiles: null };
  } catch (error) {
    if (error instanceof DomainError && (error.code === 'CONFLICT' || error.code === 'INVALID_ARGUMENT')) {
      return { files: null, whyNoFiles: error.message };
    }
    throw error;
  }
}

function modelReply(model: RegisteredModel) {
  return {
    ...model,
    tags: textsReply(model.tags),
    aliases: [...model.aliases],
    latestVersions: model.latestVersions.map(versionReply),
  };
}

function versionReply({ files: _files, tags, aliases, ...facts }: ModelVersion) {
  return { ...facts, tags: textsReply(tags), aliases: [...aliases] };
}

function textsReply(texts: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(texts.map(({ key, value }) => [key, value]));
}

/** A page of what was asked for with one more than fits. */
function pageOf<Item extends { readonly seq: number }>(found: readonly Item[], limit: number) {
  const items = found.slice(0, limit);
  return { items, ...nextCursor(found.length > limit ? String(items.at(-1)?.seq) : undefined) };
}

function nextCursor(token: string | undefined) {
  return token === undefined ? {} : { nextCursor: token };
}

function seqOf(cursor: string): number {
  const seq = Number(cursor);
  if (Number.isSafeInteger(seq) && seq > 0) return seq;
  throw invalid('The cursor is none that this list gave', { field: 'query.cursor' });
}
