import type { ExperimentsDeps } from '../deps.ts';
import { experimentNumber } from '../naming.ts';
import { metricNames, newestRuns, textKeys, textValues, type Found } from './key.store.ts';

export interface LoggedKeys {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly tags: readonly string[];
  /** Every run was looked at, and nothing found was left out. */
  readonly isWhole: boolean;
}

export interface LoggedValues {
  readonly values: readonly string[];
  /** Every run was looked at, and nothing found was left out. */
  readonly isWhole: boolean;
}

export interface CompletionUseCases {
  /**
   * Names of what the newest active runs of an experiment have logged, sorted: what a table may show as columns and a
   * search may ask. `limit` is of each kind; case does not matter to the prefix.
   */
  loggedKeys(asked: {
    readonly experimentId: string;
    readonly prefix: string;
    readonly limit: number;
  }): Promise<LoggedKeys>;
  /** Values of a param or tag in the newest active runs of an experiment, sorted. */
  loggedValues(asked: {
    readonly experimentId: string;
    readonly of: 'params' | 'tags';
    readonly key: string;
    readonly prefix: string;
    readonly limit: number;
  }): Promise<LoggedValues>;
}

/** Runs that are looked at: a list to choose from must not read a million of them. */
const MOST_RUNS = 2_000;

const tables = { params: 'run_params', tags: 'run_tags' } as const;

export function completionUseCases({ database }: Pick<ExperimentsDeps, 'database'>): CompletionUseCases {
  const { read } = database;
  return {
    async loggedKeys({ experimentId, ...asked }) {
      const runs = await newestRuns(read, experimentNumber(experimentId), MOST_RUNS);
      const metrics = await metricNames(read, runs.keys, asked);
      const params = await textKeys(read, 'run_params', runs.keys, asked);
      const tags = await textKeys(read, 'run_tags', runs.keys, asked);
      const isWhole = runs.isWhole && [metrics, params, tags].every((found) => found.isWhole);
      return { metrics: metrics.texts, params: params.texts, tags: tags.texts, isWhole };
    },
    async loggedValues({ experimentId, of, ...asked }) {
      const runs = await newestRuns(read, experimentNumber(experimentId), MOST_RUNS);
      const found: Found = await textValues(read, tables[of], runs.keys, asked);
      return { values: found.texts, isWhole: runs.isWhole && found.isWhole };
    },
  };
}
