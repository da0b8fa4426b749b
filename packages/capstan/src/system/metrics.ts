import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { JobsSummary } from '#jobs';

/** Prometheus metrics of one process. Routes are labelled by their pattern, never by the path a caller made up. */
export interface Metrics {
  countAnswer(route: string, status: number, durationMs: number): void;
  setJobs(summary: JobsSummary): void;
  render(): Promise<{ contentType: string; text: string }>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'capstan_' });
  const answers = new Counter({
    name: 'capstan_http_requests_total',
    help: 'Requests answered',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'capstan_http_request_duration_seconds',
    help: 'Time from request to answer',
    labelNames: ['route'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers: [registry],
  });
  const jobs = new Gauge({ name: 'capstan_jobs', help: 'Jobs by state', labelNames: ['state'], registers: [registry] });
  return {
    countAnswer(route, status, durationMs) {
      answers.inc({ route, status: String(status) });
      durations.observe({ route }, durationMs / 1000);
    },
    setJobs(summary) {
      for (const [state, count] of Object.entries(summary)) jobs.set({ state }, count as number);
    },
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
