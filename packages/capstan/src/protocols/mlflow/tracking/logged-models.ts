import { artifactUriOf, type Experiments, type LoggedModel } from '#model/experiments';
import { call } from '../wire/call.ts';
import { bool, list, message, string } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { keyValue, loggedModelStatus, page } from '../wire/messages.ts';
import { pageSize, required } from '../wire/require.ts';

const DEFAULT_MODELS = 50;
const MOST_MODELS = 1_000;

const datasetName = { dataset_name: string, dataset_digest: string } as const;
const search = message({
  ...page,
  experiment_ids: list(string),
  datasets: list(message(datasetName)),
  order_by: list(message({ field_name: string, ascending: bool, ...datasetName })),
});

export function loggedModelCalls(experiments: Experiments) {
  return {
    createLoggedModel: call(
      message({
        experiment_id: string,
        name: string,
        model_type: string,
        source_run_id: string,
        params: list(keyValue),
        tags: list(keyValue),
      }),
      async ({ experiment_id, name, model_type, source_run_id, params, tags }, { cause }) => {
        const model = await experiments.createLoggedModel({
          experimentId: required('experiment_id', experiment_id),
          name,
          modelType: model_type,
          sourceRunId: source_run_id,
          params: params.map(keyed),
          tags: tags.map(keyed),
          cause,
        });
        return { model: toLoggedModel(model) };
      },
    ),
    getLoggedModel: call(message({}), async (_, { request }) => ({
      model: toLoggedModel(await experiments.getLoggedModel(idIn(request))),
    })),
    finalizeLoggedModel: call(
      message({ model_id: string, status: loggedModelStatus }),
      async ({ model_id, status }, { cause }) => {
        const id = required('model_id', model_id);
        return {
          model: toLoggedModel(await experiments.endLoggedModel({ id, status: required('status', status), cause })),
        };
      },
    ),
    deleteLoggedModel: call(message({}), async (_, { request, cause }) => {
      await experiments.deleteLoggedModel({ id: idIn(request), cause });
      return {};
    }),
    setLoggedModelTags: call(
      message({ model_id: string, tags: list(keyValue) }),
      async ({ tags }, { request, cause }) => {
        await experiments.setLoggedModelTags({ id: idIn(request), tags: tags.map(keyed), cause });
        return {};
      },
    ),
    deleteLoggedModelTag: call(message({}), async (_, { request, cause }) => {
      const key = required('tag_key', request.params['tag_key']);
      await experiments.removeLoggedModelTag({ id: idIn(request), key, cause });
      return {};
    }),
    logLoggedModelParams: call(
      message({ model_id: string, params: list(keyValue) }),
      async ({ params }, { request, cause }) => {
        await experiments.logLoggedModelParams({ id: idIn(request), params: params.map(keyed), cause });
        return {};
      },
    ),
    searchLoggedModels: call(
      search,
      async ({ experiment_ids, filter, datasets, max_results, order_by, page_token }, { request }) => {
        const found = await experiments.searchLoggedModels({
          experimentIds: experiment_ids,
          filter,
          datasets: datasets.map((dataset) => ({
            name: required('datasets.dataset_name', dataset.dataset_name),
            digest: dataset.dataset_digest,
          })),
          orderBy: order_by.map(({ field_name, ascending, dataset_name, dataset_digest }) => ({
            field: required('order_by.field_name', field_name),
            isAscending: ascending ?? true,
            dataset: dataset_name ? { name: dataset_name, digest: dataset_digest } : undefined,
          })),
          limit: pageSize(max_results, DEFAULT_MODELS, MOST_MODELS),
          pageToken: page_token,
          signal: request.signal,
        });
        return {
          ...listed('models', found.models.map(toLoggedModel)),
          ...optional('next_page_token', found.nextPageToken),
        };
      },
    ),
  };
}

function toLoggedModel(model: LoggedModel): object {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAt,
      last_updated_timestamp_ms: model.updatedAt,
      artifact_uri: artifactUriOf(model.artifactRoot),
      status: model.status,
      model_type: model.modelType,
      source_run_id: model.sourceRunId ?? '',
      ...listed('tags', model.tags),
    },
    data: {
      ...listed('params', model.params),
      ...listed(
        'metrics',
        model.metrics.map(({ key, value, timestamp, step, runId, datasetName: name, datasetDigest }) => ({
          key,
          value,
          timestamp,
          step,
          model_id: model.id,
          run_id: runId,
          ...(name !== '' && { dataset_name: name, dataset_digest: datasetDigest }),
        })),
      ),
    },
  };
}

function keyed({ key, value }: { key?: string; value?: string }) {
  return { key: required('key', key), value: value ?? '' };
}

function idIn({ params }: { readonly params: Readonly<Record<string, string>> }): string {
  return required('model_id', params['model_id']);
}
