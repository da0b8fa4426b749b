import { parseFilter } from '#kernel/filter/parse-filter';
import { parseOrder } from '#kernel/filter/parse-order';
import { printFilter } from '#kernel/filter/print-filter';
import { experimentNumber } from '#model/experiments';
import type { EvaluationsDeps } from '../deps.ts';
import type { EvaluationDataset } from '../model.ts';
import { pageOfDatasets } from './dataset-search.store.ts';

export interface DatasetSearch {
  /** Linked to any of these; absent: all. */
  readonly experimentIds?: readonly string[] | undefined;
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  /** At least 1. */
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

export interface DatasetPage {
  readonly datasets: readonly EvaluationDataset[];
  readonly nextPageToken?: string;
}

export interface DatasetSearchUseCases {
  /** Newest first unless ordered otherwise. @throws DomainError INVALID_ARGUMENT for a filter, order or token not understood */
  searchDatasets(search: DatasetSearch): Promise<DatasetPage>;
}

export function datasetSearchUseCases({ database }: EvaluationsDeps): DatasetSearchUseCases {
  return {
    async searchDatasets({ experimentIds, filter = '', orderBy = [], limit, pageToken }) {
      const parsed = parseFilter(filter);
      return await pageOfDatasets(database, {
        filter: parsed,
        order: parseOrder(orderBy),
        experiments: experimentIds?.flatMap((id) => experimentNumber(id) ?? []),
        limit,
        pageToken: pageToken || undefined,
        question: JSON.stringify([printFilter(parsed), orderBy, experimentIds ?? null]),
      });
    },
  };
}
