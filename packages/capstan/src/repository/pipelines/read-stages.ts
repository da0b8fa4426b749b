import { join, posix } from 'node:path';
import { invalid } from '#kernel/errors';
import { buildGraph, type PathGraph } from '#kernel/path-graph';
import type { Stage } from '#kernel/pipeline-definition';
import { readPipelineFile, type IgnoreRules } from '#protocols/dvc';
import { findFiles, trackedBy, type FoundDataFile } from '../data/data-files.ts';
import type { Repository } from '../open.ts';
import { rulesFor } from '../tree/walk.ts';
import type { DataNode, PipelineNode, StageNode } from './model.ts';

/** Every stage and all tracked data of a repository, and who reads what whom wrote. */
export interface Pipelines {
  readonly graph: PathGraph<PipelineNode>;
  readonly nodes: ReadonlyMap<string, PipelineNode>;
  /** Every dvc.yaml, relative to the root. */
  readonly files: readonly string[];
}

/**
 * Reads every dvc.yaml and `.dvc` file.
 * @throws DomainError INVALID_ARGUMENT naming the place of a mistake in a file, the stages of a cycle, two that write one
 *   path, an output that is outside or left out by .dvcignore, or a pipeline file inside an output
 */
export async function readPipelines(repository: Repository): Promise<Pipelines> {
  const { root, rules } = repository;
  const { dataFiles, pipelineFiles } = findFiles(root, rules);
  const stages = await Promise.all(pipelineFiles.toSorted().map((file) => readStages(repository, file)));
  const nodes: PipelineNode[] = [...dataFiles.map(dataNode), ...stages.flat()];
  const atRoot = rulesFor(root, '', rules);
  for (const node of stages.flat()) refuseUnfitOutputs(atRoot, node);
  const graph = buildGraph(nodes);
  refuseFilesInOutputs(nodes, pipelineFiles);
  return { graph, nodes: new Map(nodes.map((node) => [node.name, node])), files: pipelineFiles };
}

async function readStages({ root, config }: Repository, file: string): Promise<StageNode[]> {
  const folder = posix.dirname(file);
  const { stages } = await readPipelineFile({
    folder: join(root, folder),
    shownAs: file,
    foldersAbove: folder === '.' ? 0 : folder.split('/').length,
    parsing: config.parsing,
  });
  return stages.map((stage) => stageNode(file, folder, stage));
}

function stageNode(file: string, folder: string, stage: Stage): StageNode {
  const inside = (paths: readonly { readonly file: string; readonly outside?: string }[]): string[] =>
    paths.flatMap((each) => (each.outside === undefined ? [posix.join(folder, each.file)] : []));
  const reads = [...new Set(inside([...stage.inputs, ...stage.params]))];
  return { kind: 'stage', name: `${file}:${stage.name}`, file, folder, stage, reads, writes: inside(stage.outputs) };
}

function dataNode(found: FoundDataFile): DataNode {
  const outputs = trackedBy(found);
  const folder = posix.join(posix.dirname(found.file), found.data.workingDirectory);
  const reads = found.data.dependencies
    .filter(({ path, repo, isQuery }) => !repo && isQuery !== true && !/^[a-z][a-z\d+.-]*:\/\//i.test(path))
    .filter(({ path }) => !posix.isAbsolute(path))
    .map(({ path }) => posix.join(folder, path))
    .filter((path) => path !== '..' && !path.startsWith('../'));
  return {
    kind: 'data',
    name: found.file,
    file: found.file,
    found,
    outputs,
    reads,
    writes: outputs.map(({ path }) => path),
  };
}

function refuseUnfitOutputs(rules: IgnoreRules, { name, stage, writes, reads, folder }: StageNode): void {
  for (const { path, outside, isCached } of stage.outputs) {
    if (outside === undefined) {
      const place = posix.join(folder, path);
      // A path that has no folder yet is judged by its name alone, as DVC does.
      if (!rules.isIgnored(place, false)) continue;
      throw invalid(`The output '${path}' of ${name} is left out by .dvcignore`, {
        field: name,
        hint: 'Change the pattern that matches it.',
      });
    }
    if (outside === 'path' && !isCached) continue;
    throw invalid(`The output '${path}' of ${name} lies outside the repository`, {
      field: name,
      hint: 'Write it inside, or keep it out of the cache with cache: false where it is a path of this machine.',
    });
  }
  const both = writes.find((path) => reads.includes(path));
  if (both === undefined) return;
  throw invalid(`'${both}' is both an input and an output of ${name}`, {
    field: name,
    hint: 'Take it from the deps. What is built up over runs is an output with persist: true.',
  });
}

function refuseFilesInOutputs(nodes: readonly PipelineNode[], files: readonly string[]): void {
  const writers = nodes.flatMap((node) => node.writes.map((path) => ({ path, node })));
  for (const file of files) {
    const around = writers.find(({ path }) => file.startsWith(`${path}/`));
    if (!around) continue;
    throw invalid(`The pipeline file ${file} lies in '${around.path}', an output of ${around.node.name}`, {
      field: file,
      hint: 'Move it out, or name another output.',
    });
  }
}
