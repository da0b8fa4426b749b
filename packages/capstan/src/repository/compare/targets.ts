import { DomainError } from '#kernel/errors';
import { pathInside, type Repository } from '../open.ts';
import { pathsMeet } from '../paths.ts';
import type { Tracked, TrackedOutput } from '../revisions/tracked.ts';

/** An output, or what lies at a path in it. */
export interface ChosenOutput {
  readonly output: TrackedOutput;
  /** Relative to the output; undefined for all of it. */
  readonly inside?: string;
}

/** A caller’s target as it can be looked for in any state: a path of the repository, and perhaps a stage. */
export interface Target {
  readonly written: string;
  /** Undefined where what was written leads nowhere in the repository. */
  readonly path: string;
  /** Of `dvc.yaml:stage`, or the word alone. */
  readonly stage: string;
}

export function targetOf(repository: Pick<Repository, 'root' | 'here'>, written: string): Target {
  const colon = written.lastIndexOf(':');
  const file = colon < 0 ? written : written.slice(0, colon);
  return {
    written,
    path: pathInside(repository, colon < 0 ? written : file),
    stage: colon < 0 ? written : written.slice(colon + 1),
  };
}

/**
 * Outputs that a target names: by the file or stage that has them, by their path, or by one around or inside them.
 */
export function chooseOutputs({ outputs }: Tracked, { written, path, stage }: Target): ChosenOutput[] {
  const isStageOfFile = written.includes(':');
  return outputs.flatMap((output): ChosenOutput[] => {
    if (isStageOfFile) return output.file === path && output.stage === stage ? [{ output }] : [];
    if (output.file === path || output.stage === stage) return [{ output }];
    if (path !== '' && !pathsMeet(path, output.path)) return [];
    return path.startsWith(`${output.path}/`) ? [{ output, inside: path.slice(output.path.length + 1) }] : [{ output }];
  });
}

/** @throws DomainError NOT_FOUND naming the target */
export function nothingTracked({ written }: Target, states: string): DomainError {
  return new DomainError('NOT_FOUND', `Nothing tracked is at '${written}', ${states}`, {
    field: written,
    hint: 'Name a tracked path, a .dvc file, a stage, or a folder with some of them.',
  });
}
