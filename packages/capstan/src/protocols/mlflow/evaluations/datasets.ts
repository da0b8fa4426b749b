import type { RawRequest } from '#http';
import { readTagChanges, type Evaluations } from '#model/evaluations';
import { call } from '../wire/call.ts';
import { int32, list, message, string } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { pageSize, required } from '../wire/require.ts';
import { recordsText, toDataset } from './to-evaluation.ts';

const DEFAULT_DATASETS = 1_000;
const MOST_DATASETS = 50_000;
const DEFAULT_RECORDS = 1_000;
const MOST_RECORDS = 10_000;

const creation = message({ name: string, experiment_ids: list(string), tags: string });
const search = message({
  experiment_ids: list(string),
  filter_string: string,
  max_results: int32,
  order_by: list(string),
  page_token: string,
});
const experimentIds = message({ experiment_ids: list(string) });

export function datasetCalls(evaluations: Evaluations) {
  return {
    ...wholeCalls(evaluations),
    ...tagCalls(evaluations),
    ...recordCalls(evaluations),
    ...linkCalls(evaluations),
  };
}

function wholeCalls(evaluations: Evaluations) {
  const searchDatasets = call(search, async ({ experiment_ids, filter_string, max_results, order_by, page_token }) => {
    const found = await evaluations.searchDatasets({
      experimentIds: experiment_ids.length === 0 ? undefined : experiment_ids,
      filter: filter_string,
      orderBy: order_by,
      limit: pageSize(max_results || undefined, DEFAULT_DATASETS, MOST_DATASETS),
      pageToken: page_token,
    });
    return {
      ...listed('datasets', found.datasets.map(toDataset)),
      ...optional('next_page_token', found.nextPageToken),
    };
  });
  return {
    createDataset: call(creation, async ({ name, experiment_ids, tags }, { cause }) => {
      const given = required('name', name);
      const kept = readTagChanges(tags || '{}').flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]));
      const created = await evaluations.createDataset({
        name: given,
        experimentIds: experiment_ids,
        tags: kept,
        cause,
      });
      const linked = await evaluations.experimentsOfDataset(created.id);
      return { dataset: { ...toDataset(created), ...listed('experiment_ids', linked) } };
    }),
    getDataset: call(message({}), async (_, { request }) => ({
      dataset: toDataset(await evaluations.getDataset(datasetIn(request))),
    })),
    deleteDataset: call(message({}), async (_, { request, cause }) => {
      await evaluations.deleteDataset({ id: datasetIn(request), cause });
      return {};
    }),
    searchEvaluationDatasets: searchDatasets,
    searchEvaluationDatasetsByGet: searchDatasets,
  };
}

function tagCalls(evaluations: Evaluations) {
  return {
    setDatasetTags: call(message({ tags: string }), async ({ tags }, { request, cause }) => {
      const changes = readTagChanges(required('tags', tags));
      await evaluations.changeDatasetTags({ id: datasetIn(request), tags: changes, cause });
      return {};
    }),
    deleteDatasetTag: call(message({}), async (_, { request, cause }) => {
      const key = required('key', request.params['key']);
      await evaluations.removeDatasetTag({ id: datasetIn(request), key, cause });
      return {};
    }),
  };
}

function recordCalls(evaluations: Evaluations) {
  return {
    upsertDatasetRecords: call(message({ records: string }), async ({ records }, { request, cause }) => {
      const given = required('records', records);
      const merged = await evaluations.mergeRecords({ datasetId: datasetIn(request), records: given, cause });
      return { inserted_count: merged.inserted, updated_count: merged.updated };
    }),
    getDatasetRecords: call(
      message({ max_results: int32, page_token: string }),
      async ({ max_results, page_token }, { request }) => {
        const datasetId = datasetIn(request);
        const limit = pageSize(max_results || undefined, DEFAULT_RECORDS, MOST_RECORDS);
        const page = await evaluations.listRecords({ datasetId, limit, pageToken: page_token });
        return {
          records: recordsText(datasetId, page.records),
          ...optional('next_page_token', page.nextPageToken),
        };
      },
    ),
    deleteDatasetRecords: call(
      message({ dataset_record_ids: list(string) }),
      async ({ dataset_record_ids }, { request, cause }) => {
        const deletion = { datasetId: datasetIn(request), ids: dataset_record_ids, cause };
        return { deleted_count: await evaluations.deleteRecords(deletion) };
      },
    ),
  };
}

function linkCalls(evaluations: Evaluations) {
  return {
    getDatasetExperimentIds: call(message({}), async (_, { request }) =>
      listed('experiment_ids', await evaluations.experimentsOfDataset(datasetIn(request))),
    ),
    addDatasetToExperiments: call(experimentIds, async ({ experiment_ids }, { request, cause }) => {
      const link = { id: datasetIn(request), experimentIds: experiment_ids, cause };
      return { dataset: toDataset(await evaluations.linkDataset(link)) };
    }),
    removeDatasetFromExperiments: call(experimentIds, async ({ experiment_ids }, { request, cause }) => {
      const link = { id: datasetIn(request), experimentIds: experiment_ids, cause };
      return { dataset: toDataset(await evaluations.unlinkDataset(link)) };
    }),
  };
}

function datasetIn(request: RawRequest): string {
  return required('dataset_id', request.params['dataset_id']);
}
