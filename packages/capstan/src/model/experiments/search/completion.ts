import type { ExperimentsDeps } from '../deps.ts';
import { experimentNumber } from '../naming.ts';
import { newestRuns, valuesOf } from './key.store.ts';
import type { KeyNames, LoggedKeyNames } from './logged-keys.ts';
import type { GroupKey } from './run-group.store.ts';

export interface LoggedKeys extends KeyNames {
  /** Nothing found was left out. */
  readonly isWhole: boolean;
}

export interface LoggedValues {
  readonly values: readonly string[];
  /** Every run was looked at, and nothing found was left out. */
  readonly isWhole: boolean;
}

export interface CompletionUseCases {
  /**
   * Names of what runs of an experiment have ever logged, sorted: what a table may show as columns and a search may ask.
   * `limit` is of each kind; case does not matter to the prefix.
   */
  loggedKeys(asked: {
    readonly experimentId: string;
    readonly prefix: string;
    readonly limit: number;
  }): Promise<LoggedKeys>;
  /** Values of a param or tag in the newest active runs of an experiment, sorted; case does not matter to the prefix. */
  loggedValues(
    asked: GroupKey & { readonly experimentId: string; readonly prefix: string; readonly limit: number },
  ): Promise<LoggedValues>;
}

/** Runs whose values are looked at: a list to choose from must not read a million of them. */
const MOST_RUNS = 2_000;

export function completionUseCases(
  { database }: Pick<ExperimentsDeps, 'database'>,
  keyNames: LoggedKeyNames,
): CompletionUseCases {
  return {
    async loggedKeys({ experimentId, prefix, limit }) {
      const experiment = experimentNumber(experimentId);
      if (experiment === undefined) return { metrics: [], params: [], tags: [], isWhole: true };
      const names = await keyNames.of(experiment);
      const start = prefix.toLowerCase();
      const found = (of: keyof KeyNames) => names[of].filter((name) => name.toLowerCase().startsWith(start));
      const [metrics, params, tags] = [found('metrics'), found('params'), found('tags')];
      return {
        metrics: metrics.slice(0, limit),
        params: params.slice(0, limit),
        tags: tags.slice(0, limit),
        isWhole: Math.max(metrics.length, params.length, tags.length) <= limit,
      };
    },
    async loggedValues({ experimentId, ...asked }) {
      const reader = database.longRead();
      const runs = await newestRuns(reader, experimentNumber(experimentId), MOST_RUNS);
      const { values, isWhole } = await valuesOf(reader, runs.keys, asked);
      return { values, isWhole: runs.isWhole && isWhole };
    },
  };
}
