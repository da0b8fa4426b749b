import type { Database } from '#database';
import { parseFilter } from '#kernel/filter/parse-filter';
import { parseOrder } from '#kernel/filter/parse-order';
import { pageOfLoggedModels, type DatasetName } from './logged-model-search.store.ts';
import { loadLoggedModels } from './logged-model.store.ts';
import type { MetricIds } from '../metrics/metric-ids.ts';
import type { LoggedModel } from '../model.ts';
import { experimentNumber } from '../naming.ts';

/** `field` is an attribute or `metrics.NAME`; a dataset narrows the metric to points on it. */
export interface LoggedModelSort {
  readonly field: string;
  readonly isAscending: boolean;
  readonly dataset?: DatasetName | undefined;
}

export interface LoggedModelSearch {
  readonly experimentIds: readonly string[];
  readonly filter?: string | undefined;
  /** Metrics in the filter are those on one of these datasets. */
  readonly datasets?: readonly DatasetName[] | undefined;
  readonly orderBy?: readonly LoggedModelSort[] | undefined;
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

export interface LoggedModelPage {
  readonly models: readonly LoggedModel[];
  readonly nextPageToken?: string;
}

/** Newest first unless ordered otherwise. @throws DomainError INVALID_ARGUMENT */
export async function searchLoggedModels(
  database: Database,
  metricIds: MetricIds,
  search: LoggedModelSearch,
): Promise<LoggedModelPage> {
  const comparisons = parseFilter(search.filter ?? '');
  const order = (search.orderBy ?? []).map(({ field, isAscending, dataset }) => {
    const [term] = parseOrder([field]);
    return { path: term?.path ?? { entity: undefined, key: field }, isAscending, dataset };
  });
  const experiments = search.experimentIds.map(experimentNumber).filter((id) => id !== undefined);
  if (experiments.length === 0) return { models: [] };
  const names = [...comparisons, ...order].filter(({ path }) => path.entity === 'metrics').map(({ path }) => path.key);
  const { rows, nextPageToken } = await pageOfLoggedModels(database, {
    experiments,
    comparisons,
    datasets: search.datasets ?? [],
    order,
    limit: search.limit,
    pageToken: search.pageToken || undefined,
    question: JSON.stringify([search.filter ?? '', search.datasets ?? [], search.orderBy ?? []]),
    metricIds: await metricIds.lookUp(names),
  });
  return { models: await loadLoggedModels(database.read, rows), ...(nextPageToken !== undefined && { nextPageToken }) };
}
