import { forLongReads } from '#database';
import { parseFilter } from '#kernel/filter/parse-filter';
import { parseOrder } from '#kernel/filter/parse-order';
import { printFilter } from '#kernel/filter/print-filter';
import { experimentNumber } from '#model/experiments';
import type { TracesDeps } from '../deps.ts';
import type { TraceInfo } from '../model.ts';
import { infosOf } from '../read-traces.ts';
import { correlationOf, type Correlation } from './correlation.ts';
import { queryMetric, type MetricPoint, type MetricQuestion } from './query-metric.ts';
import { countTogether, pageOfTraces } from './trace-search.store.ts';

export interface TraceSearch {
  readonly experimentIds: readonly string[];
  /** MLflow's search language. */
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  /** At least 1. */
  readonly limit: number;
  readonly pageToken?: string | undefined;
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface TracePage {
  readonly traces: readonly TraceInfo[];
  readonly nextPageToken?: string;
}

export interface SearchUseCases {
  /**
   * Traces of the experiments that meet the filter, newest first unless ordered otherwise. No experiments: no traces.
   * @throws DomainError INVALID_ARGUMENT for a filter, order or page token not understood, saying where
   */
  searchTraces(search: TraceSearch): Promise<TracePage>;
  /** How much two filters have to do with each other. @throws DomainError INVALID_ARGUMENT for a filter not understood */
  correlateFilters(input: {
    readonly experimentIds: readonly string[];
    readonly first: string;
    readonly second: string;
    readonly base?: string | undefined;
  }): Promise<Correlation>;
  /** Counts, sums, averages and percentiles over traces, spans or assessments. @throws DomainError INVALID_ARGUMENT */
  queryMetric(question: MetricQuestion): Promise<readonly MetricPoint[]>;
}

export function searchUseCases({ database }: TracesDeps): SearchUseCases {
  return {
    async searchTraces({ experimentIds, orderBy = [], limit, pageToken, signal, ...search }) {
      const filter = parseFilter(search.filter ?? '');
      const order = parseOrder(orderBy);
      const experiments = experimentNumbers(experimentIds);
      if (experiments.length === 0) return { traces: [] };
      const question = JSON.stringify([printFilter(filter), orderBy]);
      const query = { experiments, filter, order, limit, pageToken: pageToken || undefined, question };
      const reading = forLongReads(database, signal);
      const page = await pageOfTraces(reading, query);
      return { ...page, traces: await infosOf(reading.read, page.traces) };
    },
    async correlateFilters({ experimentIds, first, second, base = '' }) {
      const filters = { base: parseFilter(base), first: parseFilter(first), second: parseFilter(second) };
      const experiments = experimentNumbers(experimentIds);
      if (experiments.length === 0) return correlationOf({ total: 0, first: 0, second: 0, both: 0 });
      return correlationOf(await countTogether(forLongReads(database), experiments, filters));
    },
    queryMetric: (question) => queryMetric(forLongReads(database), experimentNumbers(question.experimentIds), question),
  };
}

function experimentNumbers(ids: readonly string[]): number[] {
  return [...new Set(ids.map(experimentNumber).filter((id) => id !== undefined))];
}
