import type { ReadSide } from '#database';
import { comparisonsOf, type KeyPath } from '#kernel/filter/ast';
import { parseFilter } from '#kernel/filter/parse-filter';
import { printFilter } from '#kernel/filter/print-filter';
import type { DatasetName } from './logged-model-field.store.ts';
import { pageOfLoggedModels } from './logged-model-search.store.ts';
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
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface LoggedModelPage {
  readonly models: readonly LoggedModel[];
  readonly nextPageToken?: string;
}

/** Newest first unless ordered otherwise. @throws DomainError INVALID_ARGUMENT */
export async function searchLoggedModels(
  database: ReadSide,
  metricIds: MetricIds,
  search: LoggedModelSearch,
): Promise<LoggedModelPage> {
  const filter = parseFilter(search.filter ?? '');
  const order = (search.orderBy ?? []).map(({ field, ...rest }) => ({
    path: pathOf(field),
    dataset: undefined,
    ...rest,
  }));
  const experiments = search.experimentIds.map(experimentNumber).filter((id) => id !== undefined);
  if (experiments.length === 0) return { models: [] };
  const names = [...comparisonsOf(filter), ...order]
    .filter(({ path }) => path.entity === 'metrics' || path.entity === 'metric')
    .map(({ path }) => path.key);
  const { rows, nextPageToken } = await pageOfLoggedModels(database, {
    experiments,
    filter,
    datasets: search.datasets ?? [],
    order,
    limit: search.limit,
    pageToken: search.pageToken || undefined,
    question: JSON.stringify([printFilter(filter), search.datasets ?? [], search.orderBy ?? []]),
    metricIds: await metricIds.lookUp(names),
  });
  return { models: await loadLoggedModels(database.read, rows), ...(nextPageToken !== undefined && { nextPageToken }) };
}

/** No direction and no quotes stand here: behind the first dot is the name of the metric as it is. */
function pathOf(source: string): KeyPath {
  const place = { source, start: 0, end: source.length, field: 'order_by' } as const;
  const dot = source.indexOf('.');
  if (dot < 0) return { entity: undefined, key: source.trim(), place };
  return { entity: source.slice(0, dot), key: source.slice(dot + 1), place };
}
