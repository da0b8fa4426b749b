import type { DatasetInput, Experiments, KeyValue, MetricInput } from '#model/experiments';
import { DomainError, invalid } from '#kernel/errors';
import { call } from '../wire/call.ts';
import { int32, int64, list, message, string, type ValueOf } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { appendLoggedModel } from './legacy-model-log.ts';
import { dataset, keyValue, metric, metricFields, page, runId, runStatus, viewOf, viewType } from '../wire/messages.ts';
import { missing, pageSize, required } from '../wire/require.ts';
import { toNewRun, toRun, toRunInfo } from './to-run.ts';

const DEFAULT_EXPERIMENT = '0';
const DEFAULT_RUNS = 1_000;
const MOST_RUNS = 50_000;

const byId = message(runId);
const update = message({ ...runId, status: runStatus, end_time: int32, run_name: string });
const create = message({
  experiment_id: string,
  user_id: string,
  run_name: string,
  start_time: int32,
  tags: list(keyValue),
});
const batch = message({ ...runId, metrics: list(metric), params: list(keyValue), tags: list(keyValue) });
const datasetInput = message({ tags: list(keyValue), dataset });
const inputs = message({ ...runId, datasets: list(datasetInput), models: list(message({ model_id: string })) });
const outputs = message({ ...runId, models: list(message({ model_id: string, step: int64 })) });
const search = message({ ...page, experiment_ids: list(string), run_view_type: viewType });

export function runCalls(experiments: Experiments) {
  return { ...runLifecycleCalls(experiments), ...logCalls(experiments) };
}

function runLifecycleCalls(experiments: Experiments) {
  return {
    createRun: call(create, async ({ experiment_id, user_id, run_name, start_time, tags }, { cause }) => {
      const run = await experiments.createRun({
        experimentId: experiment_id || DEFAULT_EXPERIMENT,
        name: run_name,
        userId: user_id,
        startTime: start_time ?? 0,
        tags: tags.map((tag, index) => keyed('tags', index, tag)),
        cause,
      });
      return { run: toNewRun(run) };
    }),
    getRun: call(byId, async (request) => ({ run: toRun(await experiments.getRun(idOf(request))) })),
    updateRun: call(update, async ({ status, end_time, run_name, ...request }, { cause }) => {
      const run = await experiments.updateRun({
        id: idOf(request),
        status,
        endTime: end_time,
        name: run_name || undefined,
        cause,
      });
      return { run_info: toRunInfo(run) };
    }),
    deleteRun: call(byId, async (request, { cause }) => {
      await experiments.deleteRuns({ ids: [idOf(request)], cause });
      return {};
    }),
    restoreRun: call(byId, async (request, { cause }) => {
      await experiments.restoreRuns({ ids: [idOf(request)], cause });
      return {};
    }),
    searchRuns: call(
      search,
      async ({ experiment_ids, filter, run_view_type, max_results, order_by, page_token }, { request }) => {
        const found = await experiments.searchRuns({
          experimentIds: experiment_ids,
          filter,
          orderBy: order_by,
          view: viewOf(run_view_type),
          limit: pageSize(max_results, DEFAULT_RUNS, MOST_RUNS),
          pageToken: page_token,
          signal: request.signal,
        });
        return { ...listed('runs', found.runs.map(toRun)), ...optional('next_page_token', found.nextPageToken) };
      },
    ),
  };
}

function logCalls(experiments: Experiments) {
  return {
    logMetric: call(message({ ...runId, ...metricFields }), async ({ run_id, run_uuid, ...point }, { cause }) => {
      const id = idOf({ run_id, run_uuid });
      await experiments.logBatch({ runId: id, metrics: [toMetric(point, '')], cause });
      return {};
    }),
    logParam: call(message({ ...runId, key: string, value: string }), async ({ key, value, ...request }, { cause }) => {
      const id = idOf(request);
      const params = [{ key: required('key', key), value: value ?? '' }];
      await experiments.logBatch({ runId: id, params, cause }).catch((error: unknown) => {
        throw oneChangedParam(error, id);
      });
      return {};
    }),
    setTag: call(message({ ...runId, key: string, value: string }), async ({ key, value, ...request }, { cause }) => {
      const tags = [{ key: required('key', key), value: value ?? '' }];
      await experiments.logBatch({ runId: idOf(request), tags, cause });
      return {};
    }),
    deleteTag: call(message({ ...runId, key: string }), async ({ key, ...request }, { cause }) => {
      await experiments.removeTag({ id: idOf(request), key: required('key', key), cause });
      return {};
    }),
    logBatch: call(batch, async ({ metrics, params, tags, ...request }, { cause }) => {
      await experiments.logBatch({
        runId: idOf(request),
        metrics: metrics.map((point, index) => toMetric(point, `metrics[${index}].`)),
        params: params.map((param, index) => keyed('params', index, param)),
        tags: tags.map((tag, index) => keyed('tags', index, tag)),
        cause,
      });
      return {};
    }),
    logInputs: call(inputs, async ({ datasets, models, ...request }, { cause }) => {
      await experiments.logInputs({
        runId: idOf(request),
        datasets: datasets.map(toDataset),
        models: models.map((model, index) => required(`models[${index}].model_id`, model.model_id)),
        cause,
      });
      return {};
    }),
    logOutputs: call(outputs, async ({ models, ...request }, { cause }) => {
      const references = models.map(({ model_id, step }, index) => ({
        modelId: required(`models[${index}].model_id`, model_id),
        step: step ?? 0,
      }));
      await experiments.logOutputs({ runId: idOf(request), models: references, cause });
      return {};
    }),
    logModel: call(message({ ...runId, model_json: string }), async ({ model_json, ...request }, { cause }) => {
      await appendLoggedModel(experiments, idOf(request), required('model_json', model_json), cause);
      return {};
    }),
  };
}

/** Clients send either spelling, or both. */
function idOf({ run_id, run_uuid }: { run_id?: string | undefined; run_uuid?: string | undefined }): string {
  return required('run_id', run_id || run_uuid);
}

function toMetric(point: ValueOf<typeof metric>, prefix: string): MetricInput {
  const { key, value, timestamp, step, model_id, dataset_name, dataset_digest } = point;
  if (key === undefined || key === '') throw missing(`${prefix}key`);
  if (value === undefined) throw missing(`${prefix}value`);
  if (timestamp === undefined) throw missing(`${prefix}timestamp`);
  const base = { key, value, timestamp, step: step ?? 0 };
  return model_id ? { ...base, modelId: model_id, datasetName: dataset_name, datasetDigest: dataset_digest } : base;
}

function keyed(list: string, index: number, { key, value }: ValueOf<typeof keyValue>): KeyValue {
  if (key === undefined || key === '') throw missing(`${list}[${index}].key`);
  return { key, value: value ?? '' };
}

function toDataset({ dataset: given, tags }: ValueOf<typeof datasetInput>, index: number): DatasetInput {
  if (!given) throw missing(`datasets[${index}].dataset`);
  return {
    name: required(`datasets[${index}].dataset.name`, given.name),
    digest: given.digest ?? '',
    sourceType: given.source_type ?? '',
    source: given.source ?? '',
    schema: given.schema ?? null,
    profile: given.profile ?? null,
    tags: tags.map((tag, place) => keyed(`datasets[${index}].tags`, place, tag)),
  };
}

/** What MLflow says where one param is logged alone. */
function oneChangedParam(error: unknown, runId: string): unknown {
  if (!(error instanceof DomainError) || error.details?.['params'] === undefined) return error;
  const [changed] = error.details['params'] as { key: string; oldValue: string; newValue: string }[];
  if (!changed) return error;
  return invalid(
    `Changing param values is not allowed. Param with key='${changed.key}' was already logged with ` +
      `value='${changed.oldValue}' for run ID='${runId}'. Attempted logging new value '${changed.newValue}'.`,
    { field: 'value', ...(error.hint !== undefined && { hint: error.hint }) },
  );
}
