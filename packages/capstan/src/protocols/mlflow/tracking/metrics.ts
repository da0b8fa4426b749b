import type { Experiments } from '#model/experiments';
import { invalid, type DomainError } from '#kernel/errors';
import { call } from '../wire/call.ts';
import { int32, int64, list, message, string } from '../wire/fields.ts';
import { listed, optional } from '../wire/json-reply.ts';
import { runId } from '../wire/messages.ts';
import { missing, pageSize, required } from '../wire/require.ts';

/** Where the client names no size it wants all: as many as one answer may hold. */
const MOST_POINTS = 1_000_000;
const MOST_SAMPLED = 2_500;
const MOST_BULK_POINTS = 25_000;
const MOST_RUNS = 100;

const historyOf = message({ ...runId, metric_key: string, max_results: int32, page_token: string });
const sample = message({
  run_ids: list(string),
  metric_key: string,
  start_step: int64,
  end_step: int64,
  max_results: int32,
});
const bulk = message({ run_id: list(string), metric_key: string, max_results: int32 });

export function metricCalls(experiments: Experiments) {
  return {
    metricHistory: call(historyOf, async ({ metric_key, max_results, page_token, run_id, run_uuid }, { request }) => {
      const key = required('metric_key', metric_key);
      const found = await experiments.metricHistory({
        runId: required('run_id', run_id || run_uuid),
        key,
        limit: pageSize(max_results, MOST_POINTS, MOST_POINTS),
        pageToken: page_token,
        signal: request.signal,
      });
      const metrics = found.points.map(({ value, timestamp, step }) => ({ key, value, timestamp, step }));
      return { ...listed('metrics', metrics), ...optional('next_page_token', found.nextPageToken) };
    }),
    sampledMetricHistory: call(
      sample,
      async ({ run_ids, metric_key, start_step, end_step, max_results }, { request }) => {
        const key = required('metric_key', metric_key);
        if (run_ids.length === 0) throw missing('run_ids');
        if (run_ids.length > MOST_RUNS) {
          throw tooMany('GetMetricHistoryBulkInterval', 'request must specify at most', run_ids, 'run_ids');
        }
        if ((start_step === undefined) !== (end_step === undefined)) {
          throw invalid('If either start step or end step are specified, both must be specified.', {
            field: 'start_step',
          });
        }
        if (start_step !== undefined && end_step !== undefined && start_step > end_step) {
          throw invalid(
            `end_step must be greater than start_step. Found start_step=${start_step} and end_step=${end_step}.`,
            {
              field: 'end_step',
            },
          );
        }
        if (max_results !== undefined && (max_results < 1 || max_results > MOST_SAMPLED)) {
          throw invalid(`max_results must be between 1 and ${MOST_SAMPLED}.`, { field: 'max_results' });
        }
        const series = await experiments.sampledHistory({
          runIds: run_ids,
          key,
          range: { from: start_step, to: end_step },
          maxPoints: max_results ?? MOST_SAMPLED,
          signal: request.signal,
        });
        return listed('metrics', withRuns(key, series));
      },
    ),
    bulkMetricHistory: call(bulk, async ({ run_id, metric_key, max_results }, { request: { signal } }) => {
      if (run_id.length === 0) {
        throw invalid('GetMetricHistoryBulk request must specify at least one run_id.', { field: 'run_id' });
      }
      if (run_id.length > MOST_RUNS) {
        throw tooMany('GetMetricHistoryBulk', 'request cannot specify more than', run_id, 'run_id');
      }
      if (!metric_key) {
        throw invalid('GetMetricHistoryBulk request must specify a metric_key.', { field: 'metric_key' });
      }
      const limit = Math.min(pageSize(max_results, MOST_BULK_POINTS, MOST_POINTS), MOST_BULK_POINTS);
      return {
        metrics: withRuns(
          metric_key,
          await experiments.bulkHistory({ runIds: run_id, key: metric_key, limit, signal }),
        ),
      };
    }),
  };
}

function withRuns(key: string, series: Awaited<ReturnType<Experiments['bulkHistory']>>): object[] {
  return series.flatMap(({ runId: id, points }) =>
    points.map(({ value, timestamp, step }) => ({ key, value, timestamp, step, run_id: id })),
  );
}

/** In MLflow's words, which its clients' users have read. */
function tooMany(request: string, limit: string, ids: readonly string[], field: string): DomainError {
  return invalid(`${request} ${limit} ${MOST_RUNS} run_ids. Received ${ids.length} run_ids.`, { field });
}
