// What a checkout uses: outputs that .dvc files and dvc.lock record, with where they may go.
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { DomainError } from '#kernel/errors';
import { readLock, readPipelineFile, type SourceRepository } from '#protocols/dvc';
import { findFiles, trackedBy } from './data-files.ts';
import type { ObjectId } from '../model.ts';
import { pathInside, type Repository } from '../open.ts';
import { folderOf, pathsMeet } from '../paths.ts';

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
  readonly sizeBytes?: number;
  /** The repository that it was imported from, which has its objects. */
  readonly importedFrom?: SourceRepository;
  /** Its versions are the storage's own. */
  readonly isCloudVersioned?: true;
}

/** Data with an object in the cache or on a remote. */
export type CachedData = UsedData & { readonly id: ObjectId };

export function isCachedData(data: UsedData): data is CachedData {
  return data.id !== undefined;
}

/**
 * Every output of the repository, in the order of the files.
 * @throws DomainError INVALID_ARGUMENT naming the place in a file that cannot be read
 */
export async function usedData(repository: Pick<Repository, 'root' | 'rules' | 'config'>): Promise<UsedData[]> {
  const { dataFiles, pipelineFiles } = findFiles(repository.root, repository.rules);
  const used: UsedData[] = [];
  for (const found of dataFiles) {
    const [dependency] = found.data.dependencies;
    for (const { path, file, output } of trackedBy(found)) {
      const { md5, scheme } = output;
      used.push({
        path,
        source: file,
        id: md5 !== undefined && output.isCached ? { md5, scheme } : undefined,
        isExecutable: output.isExecutable === true,
        isPushed: output.isPushed,
        ...(output.remote !== undefined && { remote: output.remote }),
        ...(output.sizeBytes !== undefined && { sizeBytes: output.sizeBytes }),
        ...(dependency?.repo && { importedFrom: dependency.repo }),
        ...(output.isCloudVersioned && { isCloudVersioned: true as const }),
      });
    }
  }
  for (const file of pipelineFiles) used.push(...(await usedByPipeline(repository, file)));
  return used;
}

/** The lock file knows the hashes, and dvc.yaml what may be done with them. */
async function usedByPipeline(
  { root, config }: Pick<Repository, 'root' | 'config'>,
  file: string,
): Promise<UsedData[]> {
  const folder = folderOf(file);
  const lockFile = posix.join(folder, 'dvc.lock');
  const text = existsSync(join(root, lockFile)) ? readFileSync(join(root, lockFile), 'utf8') : undefined;
  const lock = readLock(text, lockFile);
  const { stages } = await readPipelineFile({
    folder: join(root, folder),
    shownAs: file,
    foldersAbove: folder === '' ? 0 : folder.split('/').length,
    parsing: config.parsing,
  });
  const used: UsedData[] = [];
  for (const stage of stages) {
    const locked = new Map(lock.stages.get(stage.name)?.outputs.map((output) => [output.path, output]));
    for (const output of stage.outputs) {
      const known = locked.get(output.path);
      if (output.outside !== undefined) continue;
      used.push({
        path: posix.join(folder, output.file),
        source: folder === '' ? stage.name : `${file}:${stage.name}`,
        id: known?.md5 !== undefined && output.isCached ? { md5: known.md5, scheme: known.scheme ?? 'md5' } : undefined,
        isExecutable: known?.isExecutable === true,
        isPushed: output.isPushed !== false,
        ...(output.remote !== undefined && { remote: output.remote }),
        ...(known?.sizeBytes !== undefined && { sizeBytes: known.sizeBytes }),
      });
    }
  }
  return used;
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
