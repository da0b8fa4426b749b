import type { RawRequest } from '#http';
import { DomainError, invalid } from '#kernel/errors';
import { aggregationTypes, metricViews, isWhole, type Traces } from '#model/traces';
import { call } from '../wire/call.ts';
import { bool, double, enumOf, int32, list, message, string } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { page } from '../wire/messages.ts';
import { pageSize, required } from '../wire/require.ts';
import { toGivenTrace, traceInfoMessage, traceLocation } from './messages.ts';
import { toTrace, toTraceInfo } from './to-trace.ts';

const DEFAULT_TRACES = 100;
const MOST_TRACES = 500;
const DEFAULT_POINTS = 1_000;

const search = message({ ...page, locations: list(traceLocation) });
const tag = message({ key: string, value: string });
const deletion = message({
  experiment_id: string,
  max_timestamp_millis: int32,
  max_traces: int32,
  request_ids: list(string),
});
const batch = message({ trace_ids: list(string), experiment_ids: list(string) });
const correlation = message({
  experiment_ids: list(string),
  filter_string1: string,
  filter_string2: string,
  base_filter: string,
});
const metrics = message({
  experiment_ids: list(string),
  view_type: enumOf(...metricViews),
  metric_name: string,
  aggregations: list(message({ aggregation_type: enumOf(...aggregationTypes), percentile_value: double })),
  dimensions: list(string),
  filters: list(string),
  time_interval_seconds: int32,
  start_time_ms: int32,
  end_time_ms: int32,
  max_results: int32,
  page_token: string,
});

export function traceCalls(traces: Traces) {
  return { ...storeCalls(traces), ...readCalls(traces), ...changeCalls(traces), ...questionCalls(traces) };
}

/** The trace that the address names. */
export function traceIn(request: RawRequest): string {
  return required('trace_id', request.params['trace_id']);
}

function storeCalls(traces: Traces) {
  return {
    startTraceV3: call(message({ trace: message({ trace_info: traceInfoMessage }) }), async ({ trace }, { cause }) => {
      const info = required('trace.trace_info', required('trace', trace).trace_info);
      return { trace: { trace_info: toTraceInfo(await traces.recordTrace({ ...toGivenTrace(info), cause })) } };
    }),
    linkTracesToRun: call(message({ trace_ids: list(string), run_id: string }), async (request, { cause }) => {
      refuseEmpty('trace_ids', request.trace_ids);
      const runId = required('run_id', request.run_id);
      await traces.linkToRun({ traceIds: request.trace_ids, runId, cause });
      return {};
    }),
    linkPromptsToTrace: call(
      message({ trace_id: string, prompt_versions: list(message({ name: string, version: string })) }),
      async ({ trace_id, prompt_versions }, { cause }) => {
        const traceId = required('trace_id', trace_id);
        refuseEmpty('prompt_versions', prompt_versions);
        const prompts = prompt_versions.map(({ name, version }, index) => {
          const place = `prompt_versions[${index}]`;
          const number = required(`${place}.version`, version);
          if (!/^\d{1,15}$/.test(number)) throw invalid(`'${number.slice(0, 50)}' is no version`, { field: place });
          return `${required(`${place}.name`, name)}/${number}`;
        });
        await traces.linkPrompts({ traceId, prompts, cause });
        return {};
      },
    ),
  };
}

function readCalls(traces: Traces) {
  return {
    getTrace: call(message({ trace_id: string, allow_partial: bool }), async ({ trace_id, allow_partial }) => {
      const trace = await traces.getTrace(required('trace_id', trace_id));
      if (isWhole(trace) || (allow_partial && trace.spans.length > 0)) return { trace: toTrace(trace) };
      throw new DomainError('NOT_FOUND', `Trace with ID ${trace.info.id} is not fully exported yet`, {
        field: 'trace_id',
        hint: 'Try again in a moment, or read its file traces.json.',
      });
    }),
    getTraceInfoV3: call(message({}), async (_, { request }) => ({
      trace: { trace_info: toTraceInfo(await traces.getTraceInfo(traceIn(request))) },
    })),
    batchGetTraces: call(batch, async ({ trace_ids, experiment_ids }) => {
      refuseEmpty('trace_ids', trace_ids);
      return listed('traces', (await traces.getWholeTraces(trace_ids, someOf(experiment_ids))).map(toTrace));
    }),
    batchGetTraceInfos: call(batch, async ({ trace_ids, experiment_ids }) => {
      refuseEmpty('trace_ids', trace_ids);
      return listed('trace_infos', (await traces.getTraceInfos(trace_ids, someOf(experiment_ids))).map(toTraceInfo));
    }),
    searchTracesV3: call(search, async ({ locations, filter, max_results, order_by, page_token }, { request }) => {
      refuseEmpty('locations', locations);
      const found = await traces.searchTraces({
        experimentIds: locations.flatMap(({ mlflow_experiment: at }) => at?.experiment_id ?? []),
        filter,
        orderBy: order_by,
        limit: pageSize(max_results, DEFAULT_TRACES, MOST_TRACES),
        pageToken: page_token,
        signal: request.signal,
      });
      return {
        ...listed('traces', found.traces.map(toTraceInfo)),
        ...optional('next_page_token', found.nextPageToken),
      };
    }),
  };
}

function changeCalls(traces: Traces) {
  const setTag = call(tag, async ({ key, value }, { request, cause }) => {
    const changed = { key: required('key', key), value: value ?? '' };
    await traces.setTraceTag({ id: traceIn(request), tag: changed, cause });
    return {};
  });
  const deleteTag = call(tag, async ({ key }, { request, cause }) => {
    await traces.removeTraceTag({ id: traceIn(request), key: required('key', key), cause });
    return {};
  });
  const remove = call(deletion, async (request, { cause }) => {
    const deleted = await traces.deleteTraces({
      experimentId: required('experiment_id', request.experiment_id),
      ids: request.request_ids,
      until: request.max_timestamp_millis,
      most: request.max_traces,
      cause,
    });
    return { traces_deleted: deleted };
  });
  return {
    setTraceTag: setTag,
    setTraceTagV3: setTag,
    deleteTraceTag: deleteTag,
    deleteTraceTagV3: deleteTag,
    deleteTraces: remove,
    deleteTracesV3: remove,
  };
}

function questionCalls(traces: Traces) {
  return {
    correlateFilters: call(correlation, async ({ experiment_ids, filter_string1, filter_string2, base_filter }) => {
      refuseEmpty('experiment_ids', experiment_ids);
      const found = await traces.correlateFilters({
        experimentIds: experiment_ids,
        first: required('filter_string1', filter_string1),
        second: required('filter_string2', filter_string2),
        base: base_filter,
      });
      return {
        npmi: found.npmi,
        npmi_smoothed: found.smoothed,
        filter1_count: found.first,
        filter2_count: found.second,
        joint_count: found.both,
        total_count: found.total,
      };
    }),
    queryTraceMetrics: call(metrics, async (request) => {
      refuseEmpty('experiment_ids', request.experiment_ids);
      const metric = required('metric_name', request.metric_name);
      refuseEmpty('aggregations', request.aggregations);
      const points = await traces.queryMetric({
        experimentIds: request.experiment_ids,
        view: required('view_type', request.view_type),
        metric,
        aggregations: request.aggregations.map(({ aggregation_type, percentile_value }, index) => ({
          type: required(`aggregations[${index}].aggregation_type`, aggregation_type),
          percentile: percentile_value,
        })),
        dimensions: request.dimensions,
        filters: request.filters,
        intervalSeconds: request.time_interval_seconds || undefined,
        from: request.start_time_ms,
        until: request.end_time_ms,
        limit: pageSize(request.max_results, DEFAULT_POINTS, DEFAULT_POINTS),
      });
      return listed(
        'data_points',
        points.map(({ dimensions, values }) => ({
          metric_name: metric,
          ...(Object.keys(dimensions).length > 0 && { dimensions }),
          values,
        })),
      );
    }),
  };
}

/** No experiment named means any. */
function someOf(experimentIds: readonly string[]): readonly string[] | undefined {
  return experimentIds.length === 0 ? undefined : experimentIds;
}

function refuseEmpty(name: string, items: readonly unknown[]): void {
  required(name, items[0] === undefined ? undefined : items);
}
