import type { Need } from '@capstan/api';
import type { Datasets } from '#data/datasets';
import type { Projects } from '#design/projects';
import type { Pipelines } from '#model/pipelines';
import type { Deployments } from '#operations/deployments';
import type { Monitors } from '#operations/monitors';
import type { Retraining } from '#operations/retraining';
import { needsOf, type ProjectState } from './model.ts';

export interface NeedsDeps {
  readonly projects: Pick<Projects, 'list'>;
  readonly datasets: Pick<Datasets, 'inQuarantine'>;
  readonly pipelines: Pick<Pipelines, 'list'>;
  readonly deployments: Pick<Deployments, 'list'>;
  readonly monitors: Pick<Monitors, 'standing'>;
  readonly retraining: Pick<Retraining, 'list'>;
}

export interface Needs {
  /** Of all projects, and of deployments without one; the gravest first. */
  list(): Promise<Need[]>;
}

export function createNeeds(deps: NeedsDeps): Needs {
  async function stateOf({ name: project }: { readonly name: string }): Promise<ProjectState> {
    const [runs, cycles] = await Promise.all([
      deps.pipelines.list({ project, limit: 1 }),
      deps.retraining.list(project, { limit: 1 }),
    ]);
    return { project, pipelineRun: runs.items[0], cycle: cycles.items[0] };
  }
  return {
    async list() {
      const [projects, deployments, quarantined, alerts] = await Promise.all([
        deps.projects.list().then((all) => Promise.all(all.map(stateOf))),
        deps.deployments.list(),
        deps.datasets.inQuarantine(),
        deps.monitors.standing(),
      ]);
      return needsOf({ deployments, projects, quarantined, alerts });
    },
  };
}
