import type { JobsSummary } from '#jobs';
import { EXPOSITION_TYPE, exposition, histogramSamples, type MetricFamily } from '#kernel/exposition';
import { Histogram } from '#kernel/histogram';
import { watchProcess } from './process-metrics.ts';

/** Prometheus metrics of one process. Routes are labelled by their pattern, never by the path a caller made up. */
export interface Metrics {
  countAnswer(route: string, status: number, durationMs: number): void;
  setJobs(summary: JobsSummary): void;
  /** `more`: what else this process tells; `common`: labels of every sample. */
  render(
    more?: readonly MetricFamily[],
    common?: Readonly<Record<string, string>>,
  ): { contentType: string; text: string };
}

const BUCKETS_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10];

interface RouteCounts {
  readonly byStatus: Map<number, number>;
  readonly seconds: Histogram;
}

export function createMetrics(): Metrics {
  const routes = new Map<string, RouteCounts>();
  const processFamilies = watchProcess('capstan_');
  let jobs: Readonly<Record<string, number>> | undefined;
  return {
    countAnswer(route, status, durationMs) {
      const counts = routes.get(route) ?? { byStatus: new Map(), seconds: new Histogram(BUCKETS_SECONDS) };
      routes.set(route, counts);
      counts.byStatus.set(status, (counts.byStatus.get(status) ?? 0) + 1);
      counts.seconds.observe(durationMs / 1_000);
    },
    setJobs(summary) {
      jobs = { ...summary };
    },
    render: (more = [], common = {}) => ({
      contentType: EXPOSITION_TYPE,
      text: exposition(
        [...processFamilies(), ...answerFamilies(routes), ...(jobs ? [jobsFamily(jobs)] : []), ...more],
        common,
      ),
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
      samples: [...routes].flatMap(([route, { seconds }]) => histogramSamples({ route }, seconds)),
    },
  ];
}

function jobsFamily(jobs: Readonly<Record<string, number>>): MetricFamily {
  const samples = Object.entries(jobs).map(([state, value]) => ({ labels: { state }, value }));
  return { name: 'capstan_jobs', help: 'Jobs by state', type: 'gauge', samples };
}
