import type { MetricFamily } from '#kernel/exposition';
import type { Caller } from './caller.ts';

/** In the place of a name, for callers without a token. */
const UNDECLARED = 'undeclared';
const FIRST_ERROR = 400;

interface Counts {
  readonly labels: { readonly deployment: string; readonly consumer: string };
  readonly requests: { ok: number; error: number; refused: number };
  rows: number;
}

/** What a data plane tells Prometheus of its callers: by the names of declared consumers, and of all others together. */
export interface CallerMetrics {
  add(caller: Caller, status: number): void;
  /** Of the deployments that are served now; others are forgotten. */
  families(isServed: (deployment: string) => boolean): MetricFamily[];
}

export function createCallerMetrics(): CallerMetrics {
  const known = new Map<string, Map<string, Counts>>();
  return {
    add(caller, status) {
      const { deployment } = caller;
      if (deployment === null) return;
      const consumer = caller.consumer ?? UNDECLARED;
      let consumers = known.get(deployment);
      if (!consumers) known.set(deployment, (consumers = new Map()));
      let counts = consumers.get(consumer);
      if (!counts) {
        counts = { labels: { deployment, consumer }, requests: { ok: 0, error: 0, refused: 0 }, rows: 0 };
        consumers.set(consumer, counts);
      }
      counts.requests[caller.isRefused ? 'refused' : status < FIRST_ERROR ? 'ok' : 'error'] += 1;
      counts.rows += caller.rows;
    },
    families(isServed) {
      for (const deployment of known.keys()) if (!isServed(deployment)) known.delete(deployment);
      const all = [...known.values()].flatMap((consumers) => [...consumers.values()]);
      return [
        {
          name: 'capstan_consumer_requests_total',
          help: 'Requests by who sent them; refused: without a token, not allowed or over a quota',
          type: 'counter',
          samples: all.flatMap(({ labels, requests }) =>
            (['ok', 'error', 'refused'] as const).map((outcome) => ({
              labels: { ...labels, outcome },
              value: requests[outcome],
            })),
          ),
        },
        {
          name: 'capstan_consumer_rows_total',
          help: 'Rows that were answered, by who asked',
          type: 'counter',
          samples: all.map(({ labels, rows }) => ({ labels, value: rows })),
        },
      ];
    },
  };
}
