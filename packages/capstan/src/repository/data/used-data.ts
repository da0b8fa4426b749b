// What a checkout uses: outputs that .dvc files and dvc.lock record, with where they may go.
import { DomainError } from '#kernel/errors';
import type { SourceRepository } from '#protocols/dvc';
import type { ObjectId } from '../model.ts';
import { pathInside, type Repository } from '../open.ts';
import { folderOf, pathsMeet } from '../paths.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import type { RepositoryState } from '../revisions/state.ts';
import { readTracked } from '../revisions/tracked.ts';

/** A file or folder that a `.dvc` file or a stage writes down. */
export interface UsedData {
  /** Relative to the root. */
  readonly path: string;
  /** How it is named in the file that records it: `data.dvc`, or `train` and `sub/dvc.yaml:train` for a stage. */
  readonly source: string;
  /** Undefined where no hash is recorded, or Git keeps the file itself. */
  readonly id: ObjectId | undefined;
  readonly isExecutable: boolean;
  /** False: never goes to a remote. */
  readonly isPushed: boolean;
  /** Name of the only remote it goes to. */
  readonly remote?: string;
  /** The repository that it was imported from, which has its objects. */
  readonly importedFrom?: SourceRepository;
}

/** Data with an object in the cache or on a remote. */
export type CachedData = UsedData & { readonly id: ObjectId };

export function isCachedData(data: UsedData): data is CachedData {
  return data.id !== undefined;
}

/** Every output of the repository in one of its states, by default the checkout. @throws DomainError as `readTracked` */
export async function usedData(
  { root, rules }: Pick<Repository, 'root' | 'rules'>,
  state: RepositoryState = checkoutState(root),
): Promise<UsedData[]> {
  const { data, outputs } = await readTracked(state, rules);
  const imports = new Map(data.map((found) => [found.file, found.data.dependencies[0]?.repo]));
  return outputs.map(({ file, stage, path, md5, scheme, isCached, isExecutable, isPushed, remote }) => {
    const importedFrom = stage === undefined ? imports.get(file) : undefined;
    return {
      path,
      source: stage === undefined ? file : folderOf(file) === '' ? stage : `${file}:${stage}`,
      id: md5 !== undefined && isCached ? { md5, scheme } : undefined,
      isExecutable,
      isPushed,
      ...(remote !== undefined && { remote }),
      ...(importedFrom && { importedFrom }),
    };
  });
}

/**
 * Data that targets name: a path that is, lies in, or holds it; a `.dvc` or `dvc.yaml` file; a stage, or the group of
 * stages that one entry of dvc.yaml makes. All of it where there is no target.
 * @throws DomainError NOT_FOUND naming the target that is nothing of these
 */
export function chosenUse(
  repository: Pick<Repository, 'root' | 'here'>,
  all: readonly UsedData[],
  targets: readonly string[],
): UsedData[] {
  if (targets.length === 0) return [...all];
  const tests = targets.map((target) => testOf(repository, target));
  for (const [index, isMeant] of tests.entries()) {
    if (all.some(isMeant)) continue;
    const target = targets[index] ?? '';
    throw new DomainError('NOT_FOUND', `Nothing tracked is at '${target}'`, {
      field: target,
      hint: 'Track it with: capstan add. Stages are named as in dvc.yaml, with its path before a colon: sub/dvc.yaml:train.',
    });
  }
  return all.filter((data) => tests.some((isMeant) => isMeant(data)));
}

/** The same, where a target may be nothing: in a revision of before. */
export function meantUse(
  repository: Pick<Repository, 'root' | 'here'>,
  all: readonly UsedData[],
  targets: readonly string[],
): UsedData[] {
  const tests = targets.map((target) => testOf(repository, target));
  return targets.length === 0 ? [...all] : all.filter((data) => tests.some((isMeant) => isMeant(data)));
}

function testOf(repository: Pick<Repository, 'root' | 'here'>, target: string): (data: UsedData) => boolean {
  const [file = '', stage] = target.split(/:(?=[^/]*$)/);
  const path = pathInside(repository, stage === undefined ? target : file);
  const inPipeline = folderOf(path) === '' ? '' : `${path}:`;
  if (stage !== undefined) return ({ source }) => isStage(source, `${inPipeline}${stage}`);
  const isPipeline = path === 'dvc.yaml' || path.endsWith('/dvc.yaml');
  return ({ path: at, source }) => {
    if (source === path || path === '' || pathsMeet(path, at)) return true;
    const isOfStage = !source.endsWith('.dvc');
    if (isPipeline)
      return isOfStage && (inPipeline === '' ? !source.includes('dvc.yaml:') : source.startsWith(inPipeline));
    return isOfStage && repository.here === '' && isStage(source, target);
  };
}

/** `train` also stands for `train@a` and its like. */
function isStage(source: string, name: string): boolean {
  return source === name || source.startsWith(`${name}@`);
}
