import { forLongReads } from '#database';
import { artifactUseCases, type ArtifactUseCases } from './artifacts/artifacts.ts';
import { keptFileUseCases, type KeptFileUseCases } from './artifacts/kept-files.ts';
import { multipartUseCases, type MultipartUseCases } from './artifacts/multipart.ts';
import type { ExperimentsDeps } from './deps.ts';
import { experimentUseCases, type ExperimentUseCases } from './experiments.ts';
import { importFileUseCases, type ImportFileUseCases } from './importing/import-files.ts';
import { importUseCases, type ImportUseCases } from './importing/imports.ts';
import { historyUseCases, type HistoryUseCases } from './metrics/history.ts';
import { inputUseCases, type InputUseCases } from './inputs.ts';
import { logUseCases, type LogUseCases } from './log/log-batch.ts';
import { loggedModelUseCases, type LoggedModelUseCases } from './logged-models/logged-models.ts';
import { createLoggedFacts } from './log/logged-facts.ts';
import { createMetricIds } from './metrics/metric-ids.ts';
import { completionUseCases, type CompletionUseCases } from './search/completion.ts';
import { groupRuns, type RunGrouping, type RunGroups } from './search/group-runs.ts';
import { differingKeys } from './search/key.store.ts';
import { createLoggedKeys, type KeyNames } from './search/logged-keys.ts';
import { countChildren } from './search/run-children.store.ts';
import { runUseCases, type RunUseCases } from './runs.ts';
import { trashUseCases, type TrashUseCases } from './trash/trash.ts';
import {
  countRunMatches,
  findPage,
  searchRuns,
  type RunMatch,
  type RunPage,
  type RunSearch,
} from './search/search-runs.ts';

interface SearchUseCases {
  /** @throws DomainError INVALID_ARGUMENT for a filter, order or page token not understood, saying where */
  searchRuns(search: RunSearch): Promise<RunPage>;
  /** How many runs a search would find. */
  countMatches(match: RunMatch): Promise<number>;
  /** Names of what differs among the first 1,000 runs of a search, or is missing in some, and how many those are. */
  differingKeys(search: RunMatch & Pick<RunSearch, 'orderBy'>): Promise<KeyNames & { readonly runs: number }>;
  /** Runs by params or tags with figures of metrics in each group. */
  groupRuns(grouping: RunGrouping): Promise<RunGroups>;
  /** How many active runs are nested in each of these; those without any are left out. */
  countChildren(runIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** Every use case of the module. Each is one transaction; reads see what has been committed. */
export interface Experiments
  extends
    ExperimentUseCases,
    RunUseCases,
    LogUseCases,
    InputUseCases,
    LoggedModelUseCases,
    ArtifactUseCases,
    KeptFileUseCases,
    MultipartUseCases,
    HistoryUseCases,
    ImportUseCases,
    ImportFileUseCases,
    TrashUseCases,
    SearchUseCases,
    CompletionUseCases {
  /** Writes the facts that wait to be summed up: before this process ends. */
  settle(): Promise<void>;
}

export function createExperiments(deps: ExperimentsDeps): Experiments {
  const { database } = deps;
  const metricIds = createMetricIds(database);
  const facts = createLoggedFacts(deps);
  const keyNames = createLoggedKeys(database);
  const trash = trashUseCases(deps);
  const searched = ({ signal }: Pick<RunSearch, 'signal'>) => forLongReads(database, signal);
  return {
    ...experimentUseCases(deps),
    ...runUseCases(deps, facts),
    ...logUseCases(deps, metricIds, facts),
    ...inputUseCases(deps),
    ...loggedModelUseCases(deps, metricIds),
    ...artifactUseCases(deps),
    ...keptFileUseCases(deps),
    ...multipartUseCases(deps),
    ...historyUseCases(deps, metricIds),
    ...importUseCases(deps, metricIds),
    ...importFileUseCases(deps),
    ...trash,
    async purge(request) {
      const purged = await trash.purge(request);
      if (purged.experiments + purged.runs > 0) keyNames.forget();
      return purged;
    },
    ...completionUseCases(deps, keyNames),
    settle: () => facts.settle(),
    searchRuns: (search) => searchRuns(searched(search), metricIds, search),
    countMatches: (match) => countRunMatches(searched(match), metricIds, match),
    groupRuns: (grouping) => groupRuns(searched(grouping), metricIds, grouping),
    countChildren: (runIds) => countChildren(database.read, runIds),
    async differingKeys(search) {
      const reading = searched(search);
      const { runs } = await findPage(reading, metricIds, { ...search, limit: COMPARED_RUNS });
      const keys = runs.map((run) => run.key);
      return { ...(await differingKeys(reading.read, keys)), runs: keys.length };
    },
  };
}

const COMPARED_RUNS = 1_000;
