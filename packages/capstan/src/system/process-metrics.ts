import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricFamily } from '#kernel/exposition';

const LAG_RESOLUTION_MS = 20;
const QUANTILES = [50, 90, 99] as const;

/** What this process costs, under the names that clients of Prometheus use on Node.js. Lag is that since the last call. */
export function watchProcess(prefix: string): () => MetricFamily[] {
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  const startedAt = Date.now() / 1_000 - process.uptime();
  const one = (type: 'counter' | 'gauge', name: string, help: string, value: number): MetricFamily => ({
    name: prefix + name,
    help,
    type,
    samples: [{ value }],
  });
  return () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
    const openFiles = countOpenFiles();
    const families = [
      one('counter', 'process_cpu_user_seconds_total', 'User CPU time spent in seconds', user / 1e6),
      one('counter', 'process_cpu_system_seconds_total', 'System CPU time spent in seconds', system / 1e6),
      one('counter', 'process_cpu_seconds_total', 'User and system CPU time spent in seconds', (user + system) / 1e6),
      one('gauge', 'process_start_time_seconds', 'Start time since the Unix epoch in seconds', startedAt),
      one('gauge', 'process_resident_memory_bytes', 'Resident memory in bytes', rss),
      ...(openFiles === undefined ? [] : [one('gauge', 'process_open_fds', 'Open file descriptors', openFiles)]),
      one('gauge', 'nodejs_heap_size_total_bytes', 'Size of the heap in bytes', heapTotal),
      one('gauge', 'nodejs_heap_size_used_bytes', 'Used part of the heap in bytes', heapUsed),
      one('gauge', 'nodejs_external_memory_bytes', 'Memory bound to the heap but outside it in bytes', external),
      one('gauge', 'nodejs_eventloop_lag_mean_seconds', 'Mean delay of the event loop', lag.count && lag.mean / 1e9),
      one('gauge', 'nodejs_eventloop_lag_max_seconds', 'Longest delay of the event loop', lag.max / 1e9),
      ...QUANTILES.map((percent) =>
        one(
          'gauge',
          `nodejs_eventloop_lag_p${percent}_seconds`,
          `Delay of the event loop, ${percent}th percentile`,
          lag.percentile(percent) / 1e9,
        ),
      ),
    ];
    lag.reset();
    return families;
  };
}

/** Linux only. */
function countOpenFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
