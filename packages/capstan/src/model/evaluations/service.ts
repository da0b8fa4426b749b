import type { Writer } from '#database';
import type { EvaluationsDeps } from './deps.ts';
import { datasetsOfOnly, deleteDataset, removeLinksOfExperiment } from './datasets/dataset.store.ts';
import { datasetUseCases, type DatasetUseCases } from './datasets/datasets.ts';
import { recordUseCases, type RecordUseCases } from './datasets/records.ts';
import { datasetSearchUseCases, type DatasetSearchUseCases } from './datasets/search-datasets.ts';
import { importEvaluationUseCases, type ImportEvaluationUseCases } from './importing/import-evaluations.ts';
import { removeScorersOfExperiment } from './scorers/scorer.store.ts';
import { scorerUseCases, type ScorerUseCases } from './scorers/scorers.ts';

/** Every use case of the module. Each is one transaction; reads see what has been committed. */
export interface Evaluations
  extends DatasetUseCases, RecordUseCases, DatasetSearchUseCases, ScorerUseCases, ImportEvaluationUseCases {
  /**
   * Removes what only an experiment that is being purged has, in that transaction: its scorers, its links, and the
   * datasets that are linked to no other experiment. Returns how many rows there were.
   */
  purgeEvaluations(writer: Writer, experimentId: string): Promise<number>;
}

export function createEvaluations(deps: EvaluationsDeps): Evaluations {
  return {
    ...datasetUseCases(deps),
    ...recordUseCases(deps),
    ...datasetSearchUseCases(deps),
    ...scorerUseCases(deps),
    ...importEvaluationUseCases(deps),
    async purgeEvaluations(writer, experimentId) {
      const experiment = Number(experimentId);
      let rows = await removeScorersOfExperiment(writer, experiment);
      for (const dataset of await datasetsOfOnly(writer, experiment)) rows += await deleteDataset(writer, dataset);
      return rows + (await removeLinksOfExperiment(writer, experiment));
    },
  };
}
