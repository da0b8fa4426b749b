import { setImmediate as letOthers } from 'node:timers/promises';
import { forLongReads, type ReadSide } from '#database';
import { invalid } from '#kernel/errors';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import { parseInt64 } from '#kernel/int64';
import type { ExperimentsDeps } from '../deps.ts';
import type { MetricIds } from './metric-ids.ts';
import { createKnownSpans } from './known-spans.ts';
import * as store from './metric.store.ts';
import type { BucketedSeries } from './buckets.ts';
import { bucketsOf } from './metric-bucket.store.ts';
import { coveredTo, extend } from './pyramid.store.ts';
import { findRun, findRuns } from '../run.store.ts';
import { sampledPlaces } from './sampling.ts';

export interface RunSeries {
  readonly runId: string;
  readonly points: readonly store.HistoryPoint[];
}

export interface HistoryUseCases {
  /** Points of a metric in order of time, step and value. An unknown run or metric has none. */
  metricHistory(input: {
    readonly runId: string;
    readonly key: string;
    readonly limit: number;
    readonly pageToken?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<{ readonly points: readonly store.HistoryPoint[]; readonly nextPageToken?: string }>;
  /**
   * A sample of each run: at most `maxPoints` of its points by step, time and value, spread evenly, with its first and last
   * (of one only the last). In the order asked for. Runs that do not exist are left out.
   * @throws DomainError INVALID_ARGUMENT for more than 100 runs
   */
  sampledHistory(input: {
    readonly runIds: readonly string[];
    readonly key: string;
    readonly range: store.StepRange;
    readonly maxPoints: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<readonly RunSeries[]>;
  /** Every point of several runs, at most `limit` in all, by run, time, step and value. */
  bulkHistory(input: {
    readonly runIds: readonly string[];
    readonly key: string;
    readonly limit: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<readonly RunSeries[]>;
  /** A metric of one run in at most `buckets` buckets of steps that keep each extreme. */
  bucketedHistory(input: {
    readonly runId: string;
    readonly key: string;
    readonly range: store.StepRange;
    readonly buckets: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<BucketedSeries>;
  /**
   * Sums up a long series in blocks, from where that was left off, so that charts need not read every point. A portion is
   * a transaction; no more begins once the signal is aborted.
   */
  summariseSeries(series: { readonly run: number; readonly metric: number }, signal?: AbortSignal): Promise<void>;
}

const MOST_RUNS = 100;
/** Points without blocks that are worth making some. */
const SUMMED_FROM = 50_000;

export function historyUseCases({ database, jobs }: ExperimentsDeps, metricIds: MetricIds): HistoryUseCases {
  async function metricOf(key: string): Promise<number | undefined> {
    return (await metricIds.lookUp([key])).get(key);
  }

  const spanOf = createKnownSpans();

  /** Where many points lie behind the blocks that there are. */
  async function askForBlocks(run: number, metric: number): Promise<void> {
    const covered = await coveredTo(database.read, { run, metric });
    const behind = covered === undefined ? {} : { from: covered };
    if ((await store.countUpTo(database.longRead(), run, metric, behind, SUMMED_FROM)) < SUMMED_FROM) return;
    const options = { uniqueKey: `metrics.summarise ${run} ${metric}` };
    await database.write((writer) => jobs.enqueue(writer, 'metrics.summarise', { run, metric }, options));
  }

  return {
    async metricHistory({ runId, key, limit, pageToken, signal }) {
      const run = await findRun(database.read, runId);
      const metric = await metricOf(key);
      if (!run || metric === undefined) return { points: [] };
      const question = `${run.key} ${metric}`;
      const after = pageToken ? readAfter(pageToken, question) : undefined;
      const found = await store.history(forLongReads(database, signal), run.key, metric, { limit: limit + 1, after });
      const points = found.slice(0, limit);
      const last = points.at(-1);
      if (!last || found.length <= limit) return { points };
      const value = store.storedValue(last.value);
      const keys = [String(last.timestamp), String(last.step), Number.isFinite(value) ? value : null];
      return { points, nextPageToken: writePageToken(question, keys) };
    },
    async sampledHistory({ runIds, key, range, maxPoints, signal }) {
      const reading = forLongReads(database, signal);
      const { runs, metric } = await seriesOf(reading, runIds, metricOf, key);
      if (metric === undefined) return [];
      return await Promise.all(
        inOrderOf(runIds, runs).map(async (run) => {
          const span = await spanOf(reading, run.key, metric, range);
          const places = sampledPlaces(span.count, maxPoints);
          return { runId: run.id, points: await store.pointsAtPlaces(reading, run.key, metric, range, span, places) };
        }),
      );
    },
    async bulkHistory({ runIds, key, limit, signal }) {
      const reading = forLongReads(database, signal);
      const { runs, metric } = await seriesOf(reading, runIds, metricOf, key);
      if (metric === undefined) return [];
      const series: RunSeries[] = [];
      let left = limit;
      for (const run of runs.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
        if (left <= 0) break;
        const points = await store.history(reading, run.key, metric, { limit: left });
        left -= points.length;
        series.push({ runId: run.id, points });
      }
      return series;
    },
    async bucketedHistory({ runId, key, range, buckets, signal }) {
      const run = await findRun(database.read, runId);
      const metric = await metricOf(key);
      if (!run || metric === undefined) return { count: 0, buckets: [] };
      const series = await bucketsOf(forLongReads(database, signal), run.key, metric, range, buckets);
      // Not waited for: who reads need not wait for what makes the next read faster, nor fail with it.
      if (series.count >= SUMMED_FROM) void askForBlocks(run.key, metric).catch(() => {});
      return series;
    },
    async summariseSeries(series, signal) {
      let isMore = true;
      while (isMore && signal?.aborted !== true) {
        isMore = await database.write(async (writer) => {
          return await extend(writer, series);
        });
        await letOthers();
      }
    },
  };
}

async function seriesOf(
  { read }: ReadSide,
  runIds: readonly string[],
  metricOf: (key: string) => Promise<number | undefined>,
  key: string,
) {
  if (runIds.length > MOST_RUNS)
    throw invalid(`At most ${MOST_RUNS} runs at once, got ${runIds.length}`, { field: 'run_ids' });
  return { runs: await findRuns(read, runIds), metric: await metricOf(key) };
}

function inOrderOf<Run extends { readonly id: string }>(ids: readonly string[], runs: readonly Run[]): Run[] {
  const places = new Map(ids.toReversed().map((id, index) => [id, -index]));
  return runs.toSorted((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
}

function readAfter(token: string, question: string): [string, string, number] {
  const [timestamp, step, value] = readPageToken(token, question, 3);
  const isWhole =
    typeof timestamp === 'string' &&
    typeof step === 'string' &&
    parseInt64(timestamp) !== undefined &&
    parseInt64(step) !== undefined;
  if (!isWhole || typeof value === 'string') throw invalid('Invalid page token', { field: 'page_token' });
  return [timestamp, step, value ?? store.storedValue(Number.NaN)];
}
