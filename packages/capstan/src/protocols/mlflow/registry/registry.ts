import { versionNumber, type ModelRegistry } from '#model/registry';
import { call } from '../wire/call.ts';
import { list, message, string } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { keyValue, page } from '../wire/messages.ts';
import { versionCalls } from './model-versions.ts';
import { pageSize, required } from '../wire/require.ts';
import { keyed, nameIn, toModel, toVersion } from './to-model.ts';

const DEFAULT_MODELS = 100;
const MOST_MODELS = 1_000;

const byName = message({ name: string });
const byAlias = message({ name: string, alias: string });
const latest = message({ name: string, stages: list(string) });

export function registryCalls(registry: ModelRegistry) {
  return {
    ...modelCalls(registry),
    ...aliasCalls(registry),
    ...versionCalls(registry),
  };
}

function modelCalls(registry: ModelRegistry) {
  return {
    createModel: call(
      message({ name: string, description: string, tags: list(keyValue) }),
      async ({ name, description, tags }, { cause }) => {
        const model = await registry.createModel({
          name: nameIn(name),
          description,
          tags: tags.map(keyed),
          cause,
        });
        return { registered_model: toModel(model) };
      },
    ),
    getModel: call(byName, async ({ name }) => ({
      registered_model: toModel(await registry.getModel(nameIn(name))),
    })),
    updateModel: call(message({ name: string, description: string }), async ({ name, description }, { cause }) => {
      const model = await registry.describeModel({
        name: nameIn(name),
        description: description ?? null,
        cause,
      });
      return { registered_model: toModel(model) };
    }),
    renameModel: call(message({ name: string, new_name: string }), async ({ name, new_name }, { cause }) => {
      const input = { name: nameIn(name), newName: required('new_name', new_name), cause };
      return { registered_model: toModel(await registry.renameModel(input)) };
    }),
    deleteModel: call(byName, async ({ name }, { cause }) => {
      await registry.deleteModel({ name: nameIn(name), cause });
      return {};
    }),
    searchModels: call(message(page), async ({ filter, max_results, order_by, page_token }) => {
      const limit = pageSize(max_results, DEFAULT_MODELS, MOST_MODELS);
      const found = await registry.searchModels({ filter, orderBy: order_by, limit, pageToken: page_token });
      return {
        ...listed('registered_models', found.models.map(toModel)),
        ...optional('next_page_token', found.nextPageToken),
      };
    }),
    setModelTag: call(message({ name: string, key: string, value: string }), async ({ name, ...tag }, { cause }) => {
      await registry.setModelTag({ name: nameIn(name), tag: keyed(tag), cause });
      return {};
    }),
    deleteModelTag: call(message({ name: string, key: string }), async ({ name, key }, { cause }) => {
      await registry.removeModelTag({ name: nameIn(name), key: required('key', key), cause });
      return {};
    }),
  };
}

function aliasCalls(registry: ModelRegistry) {
  const latestVersions = call(latest, async ({ name, stages }) => {
    const versions = await registry.latestVersions(nameIn(name), stages);
    return listed('model_versions', versions.map(toVersion));
  });
  return {
    latestVersions,
    latestVersionsByQuery: latestVersions,
    setAlias: call(
      message({ name: string, alias: string, version: string }),
      async ({ name, alias, version }, { cause }) => {
        await registry.setAlias({
          model: nameIn(name),
          alias: required('alias', alias),
          version: versionNumber(required('version', version)),
          cause,
        });
        return {};
      },
    ),
    getVersionByAlias: call(byAlias, async ({ name, alias }) => ({
      model_version: toVersion(await registry.getVersionByAlias(nameIn(name), required('alias', alias))),
    })),
    deleteAlias: call(byAlias, async ({ name, alias }, { cause }) => {
      await registry.removeAlias({ model: nameIn(name), alias: required('alias', alias), cause });
      return {};
    }),
  };
}
