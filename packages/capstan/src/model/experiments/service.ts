import { artifactUseCases, type ArtifactUseCases } from './artifacts/artifacts.ts';
import type { ExperimentsDeps } from './deps.ts';
import { experimentUseCases, type ExperimentUseCases } from './experiments.ts';
import { importFileUseCases, type ImportFileUseCases } from './importing/import-files.ts';
import { importUseCases, type ImportUseCases } from './importing/imports.ts';
import { historyUseCases, type HistoryUseCases } from './metrics/history.ts';
import { inputUseCases, type InputUseCases } from './inputs.ts';
import { logUseCases, type LogUseCases } from './log-batch.ts';
import { loggedModelUseCases, type LoggedModelUseCases } from './logged-models/logged-models.ts';
import { createMetricIds } from './metrics/metric-ids.ts';
import { keysOf, type LoggedKeys } from './search/key.store.ts';
import { experimentNumber } from './naming.ts';
import { runUseCases, type RunUseCases } from './runs.ts';
import { countRunMatches, searchRuns, type RunPage, type RunSearch } from './search/search-runs.ts';

interface SearchUseCases {
  /** @throws DomainError INVALID_ARGUMENT for a filter, order or page token not understood, saying where */
  searchRuns(search: RunSearch): Promise<RunPage>;
  /** How many runs a search would find. */
  countMatches(search: Pick<RunSearch, 'experimentIds' | 'filter' | 'view'>): Promise<number>;
  /** Names of what runs of the experiments have logged, sorted: what a table may show as columns. */
  loggedKeys(experimentIds: readonly string[]): Promise<LoggedKeys>;
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
    HistoryUseCases,
    ImportUseCases,
    ImportFileUseCases,
    SearchUseCases {}

export function createExperiments(deps: ExperimentsDeps): Experiments {
  const metricIds = createMetricIds(deps.database);
  return {
    ...experimentUseCases(deps),
    ...runUseCases(deps),
    ...logUseCases(deps, metricIds),
    ...inputUseCases(deps),
    ...loggedModelUseCases(deps, metricIds),
    ...artifactUseCases(deps),
    ...historyUseCases(deps, metricIds),
    ...importUseCases(deps, metricIds),
    ...importFileUseCases(deps),
    searchRuns: (search) => searchRuns(deps.database, metricIds, search),
    countMatches: (search) => countRunMatches(deps.database, metricIds, search),
    loggedKeys: (ids) =>
      keysOf(
        deps.database.read,
        ids.map(experimentNumber).filter((id) => id !== undefined),
      ),
  };
}
