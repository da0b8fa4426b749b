import { buildGraph } from './path-graph.ts';
import type { Stage } from './pipeline-definition.ts';

/** A stage with the stages whose outputs it reads. */
export interface StageNode {
  readonly stage: Stage;
  /** Names, in the order of the file. */
  readonly after: readonly string[];
}

/**
 * The stages of one file in an order in which each comes after those it reads from; where that leaves a choice, in the
 * order of the file. Pure.
 * @throws DomainError INVALID_ARGUMENT naming the stages of a cycle, or two outputs that lie in each other
 */
export function orderStages(stages: readonly Stage[]): StageNode[] {
  const nodes = stages.map((stage) => ({
    name: stage.name,
    stage,
    reads: filesRead(stage),
    writes: stage.outputs.map((output) => output.file),
  }));
  const graph = buildGraph(nodes, (name, part) => `stages.${name}.${part}`);
  return graph.order.map(({ name, stage }) => ({ stage, after: graph.before(name) }));
}

/** Paths a stage reads, parameters files included. */
export function filesRead(stage: Stage): string[] {
  return [...stage.inputs, ...stage.params].map((input) => input.file);
}
