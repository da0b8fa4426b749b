import type { Database } from '#database';
import { parseFilter } from '#kernel/filter/parse-filter';
import { parseOrder } from '#kernel/filter/parse-order';
import { printFilter } from '#kernel/filter/print-filter';
import { loadModels } from './model.store.ts';
import type { ModelVersion, RegisteredModel } from './model.ts';
import { countModels, countVersions, pageOfModels, pageOfVersions } from './search.store.ts';
import { loadVersions } from './version.store.ts';

export interface RegistrySearch {
  /** MLflow's search language. */
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  /** At least 1. */
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

/** Prompts are found only where the filter says something of their tag, as in MLflow. */
export interface SearchUseCases {
  /** By name unless ordered otherwise. @throws DomainError INVALID_ARGUMENT for what is not understood, saying where */
  searchModels(
    search: RegistrySearch,
  ): Promise<{ readonly models: readonly RegisteredModel[]; readonly nextPageToken?: string }>;
  /** How many models a search would find. */
  countModels(search: Pick<RegistrySearch, 'filter'>): Promise<number>;
  /** Newest changed first unless ordered otherwise. @throws DomainError INVALID_ARGUMENT */
  searchVersions(
    search: RegistrySearch,
  ): Promise<{ readonly versions: readonly ModelVersion[]; readonly nextPageToken?: string }>;
  /** How many versions a search would find. */
  countVersions(search: Pick<RegistrySearch, 'filter'>): Promise<number>;
}

export function searchUseCases({ database }: { readonly database: Database }): SearchUseCases {
  return {
    async searchModels(search) {
      const { rows, ...rest } = await pageOfModels(database, queryOf('models', search));
      return { models: await loadModels(database.read, rows), ...rest };
    },
    countModels: async ({ filter = '' }) => await countModels(database, parseFilter(filter)),
    async searchVersions(search) {
      const { rows, ...rest } = await pageOfVersions(database, queryOf('versions', search));
      return { versions: await loadVersions(database.read, rows), ...rest };
    },
    countVersions: async ({ filter = '' }) => await countVersions(database, parseFilter(filter)),
  };
}

function queryOf(of: 'models' | 'versions', { filter: source = '', orderBy = [], limit, pageToken }: RegistrySearch) {
  const filter = parseFilter(source);
  const question = JSON.stringify([of, printFilter(filter), orderBy]);
  return { filter, order: parseOrder(orderBy), limit, pageToken: pageToken || undefined, question };
}
