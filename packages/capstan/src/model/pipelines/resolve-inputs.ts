import type { Declaration, PipelineRunInput } from '@capstan/api';
import { conflict, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { PipelineDefinition } from '#kernel/pipeline-definition';
import type { DatasetSource, SourceVersion } from './deps.ts';
import { pathsMeet } from '#kernel/path-graph';
import { filesRead } from '#kernel/stage-graph';
import { datasetPath } from './model.ts';

/**
 * A version for each dataset that a stage reads: the one named, else the newest accepted one. Stages see no other dataset,
 * so that what they can read is what they declare. A dataset made of predictions may have no version yet.
 * @throws DomainError INVALID_ARGUMENT for a version of another project or dataset, or of one that no stage reads;
 *   CONFLICT for one that is not accepted, or a dataset that is read and has none; NOT_FOUND
 */
export async function resolveInputs(
  datasets: DatasetSource,
  project: { readonly name: string; readonly declaration: Declaration },
  definition: PipelineDefinition,
  given: readonly { readonly datasetVersionId: string }[],
): Promise<PipelineRunInput[]> {
  const declared = project.declaration.datasets;
  const versions = new Map<string, SourceVersion>();
  for (const [index, { datasetVersionId }] of given.entries()) {
    const field = `body.inputs[${index}].datasetVersionId`;
    const version = await datasets.get(datasetVersionId);
    refuseUnfit(version, project.name, Object.keys(declared), field);
    if (versions.has(version.dataset)) {
      throw invalid(`Two versions of the dataset '${version.dataset}' are given`, {
        field,
        hint: 'Give one for each dataset.',
      });
    }
    versions.set(version.dataset, version);
  }
  const inputs: PipelineRunInput[] = [];
  for (const [dataset, { path: declaredPath, from }] of Object.entries(declared)) {
    const path = datasetPath(declaredPath);
    const reader = definition.stages.find((stage) => filesRead(stage).some((file) => pathsMeet(file, path)));
    if (!reader) {
      if (!versions.has(dataset)) continue;
      throw invalid(`No stage reads the dataset '${dataset}', of which a version is given`, {
        field: 'body.inputs',
        hint: `Add ${path} to the deps of the stage that reads it.`,
      });
    }
    const version = versions.get(dataset) ?? (await datasets.latest(project.name, dataset, 'accepted'));
    if (version) {
      inputs.push({ dataset, versionId: version.id, number: version.number, digest: version.digest, used: null, path });
      continue;
    }
    if (from === 'predictions') continue;
    throw conflict(`The stage '${reader.name}' reads the dataset '${dataset}', which has no accepted version`, {
      field: 'body.inputs',
      hint: 'Register its files first, and look at the report of its check if it was quarantined.',
    });
  }
  return inputs;
}

function refuseUnfit(version: SourceVersion, project: string, declared: readonly string[], field: string): void {
  if (version.project !== project) {
    throw invalid(`The dataset version ${version.id} belongs to the project '${version.project}'`, { field });
  }
  if (!declared.includes(version.dataset)) {
    const suggestion = nearest(version.dataset, declared);
    throw invalid(`capstan.yaml declares no dataset '${version.dataset}'`, {
      field,
      ...(suggestion && { hint: `It declares ${suggestion}.` }),
    });
  }
  if (version.status === 'accepted') return;
  throw conflict(`The version ${version.number} of the dataset '${version.dataset}' is ${version.status}`, {
    field,
    hint: 'Only accepted versions can be used.',
  });
}
