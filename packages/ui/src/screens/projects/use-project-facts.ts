import { api, useRead } from '../../app/api.ts';
import type { ProjectFacts } from './project-state.ts';

/** Everything the state of a project is told from; undefined until all of it is there. */
export function useProjectFacts(project: string): {
  readonly facts: ProjectFacts | undefined;
  readonly error: Error | null;
} {
  const declared = useRead(api.projects.get, { params: { project } });
  const datasets = useRead(api.datasets.list, { params: { project } });
  const runs = useRead(api.pipelines.list, { query: { project, limit: 1 } });
  const deployments = useRead(api.deployments.list, { query: { project } });
  const cycles = useRead(api.cycles.list, { params: { project }, query: { limit: 1 } });
  const needs = useRead(api.needs.list, {});
  const error = declared.error ?? datasets.error ?? runs.error ?? deployments.error ?? cycles.error ?? needs.error;
  if (!declared.data || !datasets.data || !runs.data || !deployments.data || !cycles.data || !needs.data)
    return { facts: undefined, error };
  return {
    error,
    facts: {
      project,
      revision: declared.data.revision,
      datasets: datasets.data.items,
      pipelineRun: runs.data.items[0],
      deployments: deployments.data.items,
      cycle: cycles.data.items[0],
      needs: needs.data.items.filter((need) => need.project === project),
      valuePerPrediction: undefined,
    },
  };
}
