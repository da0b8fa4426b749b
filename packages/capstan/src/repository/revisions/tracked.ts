import { posix } from 'node:path';
import type { PipelineDefinition, Stage, StageOutput } from '#kernel/pipeline-definition';
import {
  readLock,
  readPipelineFile,
  type HashScheme,
  type IgnoreRules,
  type Lock,
  type ValueUse,
} from '#protocols/dvc';
import { trackedBy, type FoundDataFile } from '../data/data-files.ts';
import { folderOf } from '../paths.ts';
import { findFiles } from './find-files.ts';
import { readStateText, shownIn, type RepositoryState } from './state.ts';

/** A file or folder that the repository tracks, and what is recorded of it. Paths are relative to the root. */
export interface TrackedOutput {
  /** The `.dvc` file or `dvc.yaml` that names it. */
  readonly file: string;
  /** Of a pipeline. */
  readonly stage?: string;
  readonly path: string;
  readonly kind: 'data' | StageOutput['kind'];
  /** Undefined where nothing is recorded: a stage that has not run, an import not downloaded. */
  readonly md5: string | undefined;
  readonly scheme: HashScheme;
  readonly sizeBytes?: number;
  readonly fileCount?: number;
  readonly isExecutable: boolean;
  /** False: Git keeps it, or nobody. */
  readonly isCached: boolean;
  /** False: never goes to a remote. */
  readonly isPushed: boolean;
  /** It comes from another place than the repository’s remotes. */
  readonly isImport: boolean;
  /** Name of the only remote it goes to. */
  readonly remote?: string;
}

/** A `dvc.yaml` and where it lies. */
export interface FoundPipeline {
  readonly file: string;
  /** `''` for the root. */
  readonly folder: string;
  readonly definition: PipelineDefinition;
  readonly lock: Lock;
  /** Values that its stages took from files. */
  readonly uses: readonly ValueUse[];
}

/** All that a state of a repository tracks. */
export interface Tracked {
  readonly state: RepositoryState;
  readonly data: readonly FoundDataFile[];
  readonly pipelines: readonly FoundPipeline[];
  readonly outputs: readonly TrackedOutput[];
}

/**
 * What a repository tracks in one of its states: every `.dvc` file and `dvc.yaml` with its lock, but for what
 * `.dvcignore` leaves out and for repositories inside.
 * @param rules those of no folder
 * @throws DomainError INVALID_ARGUMENT naming `file:line:column`, with the revision before it
 */
export async function readTracked(state: RepositoryState, rules: IgnoreRules): Promise<Tracked> {
  const { dataFiles, pipelineFiles } = await findFiles(state, rules);
  const pipelines: FoundPipeline[] = [];
  for (const file of pipelineFiles) pipelines.push(await readPipelineOf(state, file));
  const outputs = [...dataFiles.flatMap(outputsOfData), ...pipelines.flatMap(outputsOfPipeline)];
  return { state, data: dataFiles, pipelines, outputs };
}

async function readPipelineOf(state: RepositoryState, file: string): Promise<FoundPipeline> {
  const folder = folderOf(file);
  const lockFile = posix.join(folder, 'dvc.lock');
  const uses: ValueUse[] = [];
  const definition = await readPipelineFile({
    onUse: (use) => uses.push(use),
    folder: {
      read: async (path) => await readStateText(state, posix.join(folder, path)),
      nameOf: (path) => shownIn(state, posix.join(folder, path)),
    },
    shownAs: shownIn(state, file),
    foldersAbove: folder === '' ? 0 : folder.split('/').length,
  });
  const lock = readLock(await readStateText(state, lockFile), shownIn(state, lockFile));
  return { file, folder, definition, lock, uses };
}

function outputsOfData(found: FoundDataFile): TrackedOutput[] {
  return trackedBy(found).map(({ file, path, output, data }) => ({
    file,
    path,
    kind: 'data',
    md5: output.md5,
    scheme: output.scheme,
    ...(output.sizeBytes !== undefined && { sizeBytes: output.sizeBytes }),
    ...(output.fileCount !== undefined && { fileCount: output.fileCount }),
    isExecutable: output.isExecutable === true,
    isCached: output.isCached,
    isPushed: output.isPushed,
    isImport: data.dependencies.length > 0,
    ...(output.remote !== undefined && { remote: output.remote }),
  }));
}

function outputsOfPipeline(found: FoundPipeline): TrackedOutput[] {
  return found.definition.stages.flatMap((stage) =>
    stage.outputs.filter(({ outside }) => outside === undefined).map((output) => outputOfStage(found, stage, output)),
  );
}

function outputOfStage({ file, folder, lock }: FoundPipeline, stage: Stage, output: StageOutput): TrackedOutput {
  const recorded = lock.stages.get(stage.name)?.outputs.find(({ path }) => path === output.path);
  return {
    file,
    stage: stage.name,
    path: posix.join(folder, output.file),
    kind: output.kind,
    md5: recorded?.md5,
    scheme: recorded?.scheme ?? 'md5',
    ...(recorded?.sizeBytes !== undefined && { sizeBytes: recorded.sizeBytes }),
    ...(recorded?.fileCount !== undefined && { fileCount: recorded.fileCount }),
    isExecutable: recorded?.isExecutable === true,
    isCached: output.isCached,
    isPushed: output.isPushed !== false,
    isImport: false,
    ...(output.remote !== undefined && { remote: output.remote }),
  };
}
