import { versionNumber, type ModelRegistry } from '#model/registry';
import { call } from '../wire/call.ts';
import { bool, list, message, string } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { keyValue, page } from '../wire/messages.ts';
import { pageSize, required } from '../wire/require.ts';
import { keyed, nameIn, toVersion } from './to-model.ts';

const DEFAULT_VERSIONS = 10_000;
const MOST_VERSIONS = 200_000;

const byVersion = message({ name: string, version: string });

export function versionCalls(registry: ModelRegistry) {
  return { ...findingCalls(registry), ...changingCalls(registry) };
}

function findingCalls(registry: ModelRegistry) {
  return {
    createVersion: call(
      message({
        name: string,
        source: string,
        run_id: string,
        tags: list(keyValue),
        run_link: string,
        description: string,
        model_id: string,
      }),
      async ({ name, source, run_id, tags, run_link, description, model_id }, { cause }) => {
        const version = await registry.createVersion({
          model: nameIn(name),
          source: required('source', source),
          runId: run_id || undefined,
          loggedModelId: model_id || undefined,
          tags: tags.map(keyed),
          runLink: run_link,
          // As there: a description that was never given is empty, one that was taken away is none.
          description: description ?? '',
          cause,
        });
        return { model_version: toVersion(version) };
      },
    ),
    getVersion: call(byVersion, async (request) => {
      const { model, version } = keyOf(request);
      return { model_version: toVersion(await registry.getVersion(model, version)) };
    }),
    getDownloadUri: call(byVersion, async (request) => {
      const { model, version } = keyOf(request);
      return { artifact_uri: await registry.downloadUri(model, version) };
    }),
    searchVersions: call(message(page), async ({ filter, max_results, order_by, page_token }) => {
      const limit = pageSize(max_results, DEFAULT_VERSIONS, MOST_VERSIONS);
      const found = await registry.searchVersions({ filter, orderBy: order_by, limit, pageToken: page_token });
      return {
        ...listed('model_versions', found.versions.map(toVersion)),
        ...optional('next_page_token', found.nextPageToken),
      };
    }),
  };
}

function changingCalls(registry: ModelRegistry) {
  return {
    updateVersion: call(
      message({ name: string, version: string, description: string }),
      async ({ description, ...request }, { cause }) => {
        const version = await registry.describeVersion({ ...keyOf(request), description: description ?? null, cause });
        return { model_version: toVersion(version) };
      },
    ),
    deleteVersion: call(byVersion, async (request, { cause }) => {
      await registry.deleteVersion({ ...keyOf(request), cause });
      return {};
    }),
    setVersionTag: call(
      message({ name: string, version: string, key: string, value: string }),
      async ({ key, value, ...request }, { cause }) => {
        await registry.setVersionTag({
          ...keyOf(request),
          tag: keyed({ ...optional('key', key), ...optional('value', value) }),
          cause,
        });
        return {};
      },
    ),
    deleteVersionTag: call(
      message({ name: string, version: string, key: string }),
      async ({ key, ...request }, { cause }) => {
        await registry.removeVersionTag({ ...keyOf(request), key: required('key', key), cause });
        return {};
      },
    ),
    transitionStage: call(
      message({ name: string, version: string, stage: string, archive_existing_versions: bool }),
      async ({ stage, archive_existing_versions, ...request }, { cause }) => {
        const version = await registry.moveToStage({
          ...keyOf(request),
          stage: required('stage', stage),
          archivesOthers: archive_existing_versions ?? false,
          cause,
        });
        return { model_version: toVersion(version) };
      },
    ),
  };
}

function keyOf({ name, version }: { name?: string; version?: string }) {
  return { model: nameIn(name), version: versionNumber(required('version', version)) };
}
