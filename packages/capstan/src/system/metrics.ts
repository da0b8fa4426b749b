import type { JobsSummary } from '#jobs';
import { EXPOSITION_TYPE, exposition, type MetricFamily, type MetricSample } from './exposition.ts';
import { watchProcess } from './process-metrics.ts';

/** Prometheus metrics of one process. Routes are labelled by their pattern, never by the path a caller made up. */
export interface Metrics {
  countAnswer(route: string, status: number, durationMs: number): void;
  setJobs(summary: JobsSummary): void;
  render(): { contentType: string; text: string };
}

const BUCKETS_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10];

interface RouteCounts {
  readonly byStatus: Map<number, number>;
  /** Answers in each bucket alone; those slower than all are only in the count. */
  readonly buckets: number[];
  sumSeconds: number;
}

export function createMetrics(): Metrics {
  const routes = new Map<string, RouteCounts>();
  const processFamilies = watchProcess('capstan_');
  let jobs: Readonly<Record<string, number>> | undefined;
  return {
    countAnswer(route, status, durationMs) {
      const seconds = durationMs / 1_000;
      const counts = routes.get(route) ?? { byStatus: new Map(), buckets: BUCKETS_SECONDS.map(() => 0), sumSeconds: 0 };
      routes.set(route, counts);
      counts.byStatus.set(status, (counts.byStatus.get(status) ?? 0) + 1);
      counts.sumSeconds += seconds;
      const bucket = BUCKETS_SECONDS.findIndex((most) => seconds <= most);
      if (bucket >= 0) counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
    },
    setJobs(summary) {
      jobs = { ...summary };
    },
    render: () => ({
      contentType: EXPOSITION_TYPE,
      text: exposition([...processFamilies(), ...answerFamilies(routes), ...(jobs ? [jobsFamily(jobs)] : [])]),
    }),
  };
}

function answerFamilies(routes: ReadonlyMap<string, RouteCounts>): MetricFamily[] {
  return [
    {
      name: 'capstan_http_requests_total',
      help: 'Requests answered',
      type: 'counter',
      samples: [...routes].flatMap(([route, { byStatus }]) =>
        [...byStatus].map(([status, value]) => ({ labels: { route, status: String(status) }, value })),
      ),
    },
    {
      name: 'capstan_http_request_duration_seconds',
      help: 'Time from request to answer',
      type: 'histogram',
      samples: [...routes].flatMap(([route, counts]) => histogram(route, counts)),
    },
  ];
}

function histogram(route: string, { byStatus, buckets, sumSeconds }: RouteCounts): MetricSample[] {
  const count = [...byStatus.values()].reduce((sum, value) => sum + value, 0);
  let upTo = 0;
  const cumulative = BUCKETS_SECONDS.map((most, index): MetricSample => {
    upTo += buckets[index] ?? 0;
    return { suffix: '_bucket', labels: { route, le: String(most) }, value: upTo };
  });
  return [
    ...cumulative,
    { suffix: '_bucket', labels: { route, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { route }, value: sumSeconds },
    { suffix: '_count', labels: { route }, value: count },
  ];
}

function jobsFamily(jobs: Readonly<Record<string, number>>): MetricFamily {
  const samples = Object.entries(jobs).map(([state, value]) => ({ labels: { state }, value }));
  return { name: 'capstan_jobs', help: 'Jobs by state', type: 'gauge', samples };
}
