import { existsSync, statSync } from 'node:fs';
import { join, matchesGlob, posix } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import { pathInside, type Repository } from '../open.ts';
import { addressOf, type PipelineNode } from './model.ts';
import type { Pipelines } from './read-stages.ts';

/** Which stages are meant. */
export interface TargetOptions {
  /** `STAGE`, `FILE:STAGE`, `GROUP`, a dvc.yaml or `.dvc` file, or an output; the stages of ./dvc.yaml where there is none. */
  readonly targets: readonly string[];
  /** All stages of the repository. */
  readonly isEverything?: boolean;
  /** Folders stand for the stages in them. */
  readonly isRecursive?: boolean;
  /** Names of stages are patterns. */
  readonly isGlob?: boolean;
}

const PIPELINE_FILE = 'dvc.yaml';

/**
 * The nodes that targets name, in their order, each once.
 * @throws DomainError NOT_FOUND naming the target, with the nearest name; INVALID_ARGUMENT for a path outside
 */
export function chooseNodes(repository: Repository, pipelines: Pipelines, options: TargetOptions): PipelineNode[] {
  const all = [...pipelines.nodes.values()];
  if (options.isEverything === true) return all;
  const chosen = new Set<PipelineNode>();
  const targets = options.targets.length === 0 ? [PIPELINE_FILE] : options.targets;
  for (const target of targets) {
    for (const node of nodesOf(repository, pipelines, target, options)) chosen.add(node);
  }
  return [...chosen];
}

/** The stages that a target names, for commands to which data may be named as well; none where it names no stage. */
export function stagesOf(repository: Repository, pipelines: Pipelines, target: string): PipelineNode[] {
  try {
    const found = nodesOf(repository, pipelines, target, { targets: [target], isRecursive: true });
    return found.filter(({ kind }) => kind === 'stage');
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return [];
    throw error;
  }
}

function nodesOf(
  repository: Repository,
  pipelines: Pipelines,
  target: string,
  { isRecursive, isGlob, targets }: TargetOptions,
): PipelineNode[] {
  const all = [...pipelines.nodes.values()];
  if (isRecursive === true && isFolder(repository, target)) {
    const folder = pathInside(repository, target);
    return all.filter(({ file }) => folder === '' || file.startsWith(`${folder}/`));
  }
  if (/\.dvc$|(^|\/)dvc\.yaml$/.test(target) && !target.includes(':')) {
    const file = pathInside(repository, target);
    const found = all.filter((node) => node.file === file);
    if (found.length > 0 || pipelines.files.includes(file)) return found;
    throw noFile(repository, target, targets.length === 0);
  }
  const colon = target.lastIndexOf(':');
  const named = colon > 0 ? target.slice(0, colon) : PIPELINE_FILE;
  const name = target.slice(colon + 1);
  const file = pathInside(repository, named.endsWith('.yaml') ? named : posix.join(named, PIPELINE_FILE));
  const found = all.filter((node) => node.kind === 'stage' && node.file === file && isNamed(node.stage, name, isGlob));
  if (found.length > 0) return found;
  const writer = colon < 0 ? writerOf(repository, all, target) : undefined;
  if (writer) return [writer];
  throw unknown(repository, all, target);
}

function isNamed(stage: { readonly name: string; readonly group?: string }, name: string, isGlob = false): boolean {
  return stage.name === name || stage.group === name || (isGlob && matchesGlob(stage.name, name));
}

function writerOf(repository: Repository, all: readonly PipelineNode[], target: string): PipelineNode | undefined {
  const path = pathInside(repository, target);
  return all.find((node) => node.writes.some((each) => path === each || path.startsWith(`${each}/`)));
}

function isFolder(repository: Repository, target: string): boolean {
  const whole = join(repository.root, pathInside(repository, target));
  return statSync(whole, { throwIfNoEntry: false })?.isDirectory() === true;
}

function noFile({ root, here }: Repository, target: string, isImplied: boolean): DomainError {
  if (isImplied) {
    return new DomainError('NOT_FOUND', `There is no ${PIPELINE_FILE} in this folder`, {
      field: PIPELINE_FILE,
      hint: 'Name a stage, as FOLDER/dvc.yaml:STAGE, or take all stages of the repository with --all-pipelines.',
    });
  }
  const isThere = existsSync(join(root, here, target));
  return new DomainError(
    'NOT_FOUND',
    `${target} is ${isThere ? 'left out by .dvcignore, or in an output' : 'not there'}`,
    {
      field: target,
    },
  );
}

function unknown({ here }: Repository, all: readonly PipelineNode[], target: string): DomainError {
  const names = all.flatMap((node) => [addressOf(node, here), ...node.writes]);
  const close = nearest(target, names);
  return new DomainError('NOT_FOUND', `'${target}' is neither a stage nor an output`, {
    field: target,
    hint: close === undefined ? 'capstan dag shows the stages.' : `Did you mean ${close}?`,
  });
}

/** How much of the graph is meant besides what was chosen. */
export interface PlanOptions {
  /** Only what was chosen. */
  readonly isSingle?: boolean;
  /** What was chosen, and all that reads from it. */
  readonly isDownstream?: boolean;
  /** All that hangs together with what was chosen. */
  readonly isWhole?: boolean;
}

/** A node and those of the plan that it has to wait for. */
export interface PlannedNode {
  readonly node: PipelineNode;
  readonly after: readonly string[];
}

/**
 * What has to be brought up to date, in order: what was chosen with all that it reads from, unless told otherwise. A
 * frozen stage waits for nothing, and what it reads from is not looked at for it.
 */
export function planOf(pipelines: Pipelines, chosen: readonly PipelineNode[], options: PlanOptions): PlannedNode[] {
  const { graph } = pipelines;
  const before = (name: string): readonly string[] => (isFrozen(pipelines.nodes.get(name)) ? [] : graph.before(name));
  const after = (name: string): readonly string[] => graph.after(name).filter((each) => before(each).includes(name));
  const names = new Set(chosen.map(({ name }) => name));
  if (options.isWhole === true) spread(names, (name) => [...before(name), ...after(name)]);
  else if (options.isSingle !== true) spread(names, options.isDownstream === true ? after : before);
  return graph.order
    .filter(({ name }) => names.has(name))
    .map((node) => ({ node, after: before(node.name).filter((name) => names.has(name)) }));
}

function isFrozen(node: PipelineNode | undefined): boolean {
  return node?.kind === 'stage' ? node.stage.isFrozen : node?.found.data.isFrozen === true;
}

function spread(names: Set<string>, next: (name: string) => readonly string[]): void {
  // A set hands out what is added while it is gone through.
  for (const name of names) for (const each of next(name)) names.add(each);
}

/** @throws DomainError INVALID_ARGUMENT for options that contradict each other */
export function refuseContradictions({ isSingle, isDownstream, isWhole }: PlanOptions): void {
  if ([isSingle, isDownstream, isWhole].filter(Boolean).length < 2) return;
  throw invalid('--single-item, --downstream and --pipeline contradict each other', {
    field: '--single-item',
    hint: 'Give one of them.',
  });
}
