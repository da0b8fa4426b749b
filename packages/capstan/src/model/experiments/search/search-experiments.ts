import type { Database } from '#database';
import { parseFilter } from '#kernel/filter/parse-filter';
import { parseOrder } from '#kernel/filter/parse-order';
import { printFilter } from '#kernel/filter/print-filter';
import type { Experiment, View } from '../model.ts';
import { countExperimentMatches, pageOfExperiments } from './experiment-search.store.ts';

export interface ExperimentSearch {
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  readonly view: View;
  /** At least 1. */
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

export interface ExperimentPage {
  readonly experiments: readonly Experiment[];
  readonly nextPageToken?: string;
}

/** Newest first unless ordered otherwise. @throws DomainError INVALID_ARGUMENT for a filter, order or token not understood */
export async function searchExperiments(database: Database, search: ExperimentSearch): Promise<ExperimentPage> {
  const filter = parseFilter(search.filter ?? '');
  return await pageOfExperiments(database, {
    filter,
    order: parseOrder(search.orderBy ?? []),
    view: search.view,
    limit: search.limit,
    pageToken: search.pageToken || undefined,
    question: JSON.stringify([printFilter(filter), search.orderBy ?? [], search.view]),
  });
}

/** How many experiments a search would find. @throws DomainError INVALID_ARGUMENT */
export async function countExperiments(
  database: Database,
  search: Pick<ExperimentSearch, 'filter' | 'view'>,
): Promise<number> {
  return await countExperimentMatches(database, { filter: parseFilter(search.filter ?? ''), view: search.view });
}
