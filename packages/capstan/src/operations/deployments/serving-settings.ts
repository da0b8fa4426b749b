import {
  changedServing,
  servingPath,
  servingProblems,
  servingSettings,
  type ServedFlavor,
  type ServingChange,
  type ServingField,
  type ServingSettings,
} from '@capstan/api';
import { conflict, invalid } from '#kernel/errors';
import type { DeploymentSpec } from './spec.ts';
import type { RevisionRow } from './store.ts';

/** Settings that mean something for models of one flavor only. */
const ONLY_FOR: Readonly<Partial<Record<ServingField, { readonly flavor: ServedFlavor; readonly why: string }>>> = {
  workers: {
    flavor: 'python_function',
    why: 'an ONNX model runs in the data plane itself, without processes of its own',
  },
  workerMemoryBytes: {
    flavor: 'python_function',
    why: 'an ONNX model runs in the data plane itself, without processes of its own',
  },
  intraOpThreads: { flavor: 'onnx', why: 'a Python model computes with one thread a library in each of its processes' },
};

/**
 * How the model of the next revision is to run: as the project declares it, else as the champion's with the change asked for.
 * @throws DomainError CONFLICT when a change is asked for where a project declares the deployment
 */
export function nextServing(
  declared: Pick<DeploymentSpec, 'serving' | 'project'> | undefined,
  champion: Pick<RevisionRow, 'serving'> | undefined,
  change: ServingChange | undefined,
): ServingSettings {
  if (!declared) return changedServing(champion ? storedServing(champion) : {}, change ?? {});
  if (change === undefined || Object.keys(change).length === 0) return declared.serving;
  throw conflict(`The project '${declared.project}' declares how its models run`, {
    field: 'serving',
    hint: 'Change `serving` under `deployment` in its capstan.yaml, and apply that.',
  });
}

/** @throws DomainError INVALID_ARGUMENT naming the setting, as capstan.yaml has it, and what to do */
export function checkServing(settings: ServingSettings, flavor: ServedFlavor): void {
  for (const { path, message } of servingProblems(settings)) {
    throw invalid(`${path}: ${message}`, { field: `serving.${path}` });
  }
  for (const [field, only] of Object.entries(ONLY_FOR)) {
    const path = servingPath(field as ServingField);
    if (settings[field as ServingField] === undefined || only.flavor === flavor) continue;
    throw invalid(`${path} is for models of the flavor ${only.flavor}, and this one is ${flavor}: ${only.why}`, {
      field: `serving.${path}`,
      hint: `Leave it out, or take it back: --set ${path}=`,
    });
  }
}

export function storedServing({ serving }: Pick<RevisionRow, 'serving'>): ServingSettings {
  return servingSettings.parse(JSON.parse(serving));
}
