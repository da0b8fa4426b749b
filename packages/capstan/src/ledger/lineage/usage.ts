import type { DatasetUsage } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { LineageDeps } from './deps.ts';

/**
 * Who used a version of a dataset: pipeline runs that were given it, the experiment runs and model versions of those, and
 * the versions that were cut from it. What trained elsewhere on a copy is not known. @throws DomainError NOT_FOUND
 */
export async function usageOf(
  { datasets, pipelines, experiments }: LineageDeps,
  versionId: string,
): Promise<DatasetUsage> {
  const { project } = await datasets.get(versionId);
  const [{ runs, experimentRuns }, derived] = await Promise.all([
    pipelines.given(project, versionId),
    datasets.derivedFrom(versionId),
  ]);
  const found = await Promise.all(
    experimentRuns.map(async (id) => {
      try {
        const { name, status } = await experiments.getRun(id);
        return [{ id, name, status }];
      } catch (error) {
        // It was deleted for good.
        if (error instanceof DomainError && error.code === 'NOT_FOUND') return [];
        throw error;
      }
    }),
  );
  const models = new Set(runs.flatMap(({ modelVersions }) => modelVersions));
  return {
    pipelineRuns: runs.map(({ id, number, status, createdAt }) => ({ id, project, number, status, createdAt })),
    runs: found.flat(),
    models: [...models].map((name) => {
      const slash = name.lastIndexOf('/');
      return { model: name.slice(0, slash), version: Number(name.slice(slash + 1)) };
    }),
    derived: derived.map(({ id, dataset, number, parents }) => ({
      versionId: id,
      dataset,
      number,
      how: parents.find((parent) => parent.versionId === versionId)?.how ?? '',
    })),
  };
}
