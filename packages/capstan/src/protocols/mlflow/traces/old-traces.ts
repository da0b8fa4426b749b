// Traces as MLflow's clients before release 3 call them.
import type { Traces } from '#model/traces';
import type { KeyValue } from '#model/experiments';
import { call } from '../wire/call.ts';
import { enumOrUnset, int32, list, message, string, type ValueOf } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { keyValue, page } from '../wire/messages.ts';
import { missing, pageSize, required } from '../wire/require.ts';
import { toOldTraceInfo } from './to-trace.ts';
import { traceIn } from './traces.ts';

const DEFAULT_TRACES = 100;
const MOST_TRACES = 500;

const texts = { request_metadata: list(keyValue), tags: list(keyValue) } as const;
const start = message({ experiment_id: string, timestamp_ms: int32, ...texts });
const end = message({
  timestamp_ms: int32,
  status: enumOrUnset('TRACE_STATUS_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS'),
  ...texts,
});

export function oldTraceCalls(traces: Traces) {
  return {
    startTrace: call(start, async ({ experiment_id, timestamp_ms, request_metadata, tags }, { cause }) => {
      const info = await traces.startTrace({
        experimentId: required('experiment_id', experiment_id),
        startedAt: timestamp_ms ?? 0,
        metadata: keyed('request_metadata', request_metadata),
        tags: keyed('tags', tags),
        cause,
      });
      return { trace_info: toOldTraceInfo(info) };
    }),
    endTrace: call(end, async ({ timestamp_ms, status, request_metadata, tags }, { request, cause }) => {
      const info = await traces.endTrace({
        id: traceIn(request),
        endedAt: timestamp_ms ?? 0,
        status: status ?? 'STATE_UNSPECIFIED',
        metadata: keyed('request_metadata', request_metadata),
        tags: keyed('tags', tags),
        cause,
      });
      return { trace_info: toOldTraceInfo(info) };
    }),
    getTraceInfo: call(message({}), async (_, { request }) => ({
      trace_info: toOldTraceInfo(await traces.getTraceInfo(traceIn(request))),
    })),
    searchTraces: call(
      message({ ...page, experiment_ids: list(string) }),
      async ({ experiment_ids, filter, max_results, order_by, page_token }, { request }) => {
        if (experiment_ids.length === 0) throw missing('experiment_ids');
        const found = await traces.searchTraces({
          experimentIds: experiment_ids,
          filter,
          orderBy: order_by,
          limit: pageSize(max_results, DEFAULT_TRACES, MOST_TRACES),
          pageToken: page_token,
          signal: request.signal,
        });
        return {
          ...listed('traces', found.traces.map(toOldTraceInfo)),
          ...optional('next_page_token', found.nextPageToken),
        };
      },
    ),
  };
}

function keyed(name: string, pairs: readonly ValueOf<typeof keyValue>[]): KeyValue[] {
  return pairs.map(({ key, value }, index) => ({ key: required(`${name}[${index}].key`, key), value: value ?? '' }));
}
