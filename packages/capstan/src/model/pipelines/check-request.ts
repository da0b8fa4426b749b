import type { PipelineRunInput } from '@capstan/api';
import { conflict, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import { orderStages, type StageNode } from '#kernel/stage-graph';
import type { PipelinesDeps } from './deps.ts';
import { executorNamed, slotsOf } from './executors.ts';
import { resolveCommit, withCommit } from './workspace/export-commit.ts';
import { resolveInputs } from './resolve-inputs.ts';
import type { StartRun } from './service.ts';
import { resourcesOf } from './running/stage-resources.ts';

/** What a request comes to. */
export interface Checked {
  readonly executor: string;
  readonly revision: number;
  /** Whole hash; undefined for the project's folder as it is. */
  readonly commit: string | undefined;
  readonly nodes: readonly StageNode[];
  readonly inputs: readonly PipelineRunInput[];
}

/**
 * Checks all of a request that can be checked before a run begins.
 * @throws DomainError NOT_FOUND, INVALID_ARGUMENT, CONFLICT, NOT_IMPLEMENTED
 */
export async function checkRequest(
  deps: PipelinesDeps,
  request: Pick<StartRun, 'project' | 'inputs' | 'params' | 'commit' | 'forcedFrom'>,
): Promise<Checked> {
  const { projects, datasets, format, executors } = deps;
  const project = await projects.get(request.project);
  const { pipeline, executor } = project.declaration;
  if (pipeline === undefined) {
    throw conflict(`The project '${project.name}' declares no pipeline`, {
      field: 'project',
      hint: `Write 'pipeline: ${format.fileName}' into capstan.yaml and apply it.`,
    });
  }
  if (pipeline !== format.fileName) {
    throw invalid(`The pipeline '${pipeline}' cannot be run: only ${format.fileName} in the project's folder can`, {
      field: 'pipeline',
      hint: `Move it there, and write 'pipeline: ${format.fileName}' into capstan.yaml.`,
    });
  }
  executorNamed(executors, executor);
  const read = (folder: string) => format.read(folder, request.params);
  const commit = request.commit === undefined ? undefined : await resolveCommit(deps, project.folder, request.commit);
  const definition =
    commit === undefined
      ? await read(project.folder)
      : await withCommit(deps, { projectFolder: project.folder, commit }, read);
  const nodes = orderStages(definition.stages);
  const slots = slotsOf(deps, executor);
  for (const stage of definition.stages) slots.refuseExcess(stage.name, resourcesOf(stage));
  if (request.forcedFrom !== undefined) refuseUnknownStage(request.forcedFrom, nodes);
  return {
    executor,
    revision: project.revision,
    commit,
    nodes,
    inputs: await resolveInputs(datasets, project, definition, request.inputs),
  };
}

function refuseUnknownStage(name: string, nodes: readonly StageNode[]): void {
  const names = nodes.map(({ stage }) => stage.name);
  if (names.includes(name)) return;
  const suggestion = nearest(name, names);
  throw invalid(`The pipeline has no stage '${name}'`, {
    field: 'from',
    hint: suggestion === undefined ? `It has ${names.join(', ')}.` : `Did you mean ${suggestion}?`,
  });
}
