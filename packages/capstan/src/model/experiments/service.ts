import { artifactUseCases, type ArtifactUseCases } from './artifacts/artifacts.ts';
import { multipartUseCases, type MultipartUseCases } from './artifacts/multipart.ts';
import { keptFileUseCases, type KeptFileUseCases } from './artifacts/kept-files.ts';
import type { ExperimentsDeps } from './deps.ts';
import { experimentUseCases, type ExperimentUseCases } from './experiments.ts';
import { historyUseCases, type HistoryUseCases } from './metrics/history.ts';
import { inputUseCases, type InputUseCases } from './inputs.ts';
import { logUseCases, type LogUseCases } from './log/log-batch.ts';
import { loggedModelUseCases, type LoggedModelUseCases } from './logged-models/logged-models.ts';
import { createLoggedFacts } from './log/logged-facts.ts';
import { createMetricIds } from './metrics/metric-ids.ts';
import { completionUseCases, type CompletionUseCases } from './search/completion.ts';
import { runUseCases, type RunUseCases } from './runs.ts';
import { trashUseCases, type TrashUseCases } from './trash/trash.ts';
import { countRunMatches, searchRuns, type RunPage, type RunSearch } from './search/search-runs.ts';

interface SearchUseCases {
  /** @throws DomainError INVALID_ARGUMENT for a filter, order or page token not understood, saying where */
  searchRuns(search: RunSearch): Promise<RunPage>;
  /** How many runs a search would find. */
  countMatches(search: Pick<RunSearch, 'experimentIds' | 'filter' | 'view'>): Promise<number>;
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
    MultipartUseCases,
    KeptFileUseCases,
    HistoryUseCases,
    TrashUseCases,
    SearchUseCases,
    CompletionUseCases {
  /** Writes the facts that wait to be summed up: before this process ends. */
  settle(): Promise<void>;
}

export function createExperiments(deps: ExperimentsDeps): Experiments {
  const metricIds = createMetricIds(deps.database);
  const facts = createLoggedFacts(deps);
  return {
    ...experimentUseCases(deps),
    ...runUseCases(deps, facts),
    ...logUseCases(deps, metricIds, facts),
    ...inputUseCases(deps),
    ...loggedModelUseCases(deps, metricIds),
    ...artifactUseCases(deps),
    ...multipartUseCases(deps),
    ...keptFileUseCases(deps),
    ...historyUseCases(deps, metricIds),
    ...trashUseCases(deps),
    settle: () => facts.settle(),
    searchRuns: (search) => searchRuns(deps.database, metricIds, search),
    countMatches: (search) => countRunMatches(deps.database, metricIds, search),
    ...completionUseCases(deps),
  };
}
