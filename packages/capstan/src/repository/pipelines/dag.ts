import type { Repository } from '../open.ts';
import { addressOf } from './model.ts';
import { readPipelines } from './read-stages.ts';
import { chooseNodes, planOf, type PlanOptions, type TargetOptions } from './targets.ts';

/** A stage or data, and what it reads from. */
export interface DagNode {
  /** As dvc calls it in the working directory. */
  readonly name: string;
  readonly kind: 'stage' | 'data';
  readonly isFrozen: boolean;
  /** Names of those it reads from. */
  readonly after: readonly string[];
  /** Relative to the root. */
  readonly writes: readonly string[];
}

/**
 * The graph of the repository, or the part of it that targets name with all that they read from; in an order in which each
 * comes after those it reads from.
 * @throws DomainError as `reproduce`
 */
export async function readDag(repository: Repository, options: TargetOptions & PlanOptions): Promise<DagNode[]> {
  const pipelines = await readPipelines(repository);
  const isEverything = options.isEverything === true || options.targets.length === 0;
  const plan = planOf(pipelines, chooseNodes(repository, pipelines, { ...options, isEverything }), options);
  const named = new Map(plan.map(({ node }) => [node.name, addressOf(node, repository.here)]));
  return plan.map(({ node }) => ({
    name: named.get(node.name) ?? node.name,
    kind: node.kind,
    isFrozen: node.kind === 'stage' ? node.stage.isFrozen : node.found.data.isFrozen,
    // Of a frozen stage too: what it is made from is shown, though it does not wait for it.
    after: pipelines.graph.before(node.name).flatMap((name) => named.get(name) ?? []),
    writes: node.writes,
  }));
}
