import type { PipelineRunInput } from '@capstan/api';
import type { TrackedInput } from '../deps.ts';
import { pathsMeet } from '#kernel/path-graph';
import { filesRead, type StageNode } from '#kernel/stage-graph';

/**
 * The dataset versions that reach a stage: those it reads itself and those that stages before it have read, each once.
 * What a model has seen is all of them. Pure.
 */
export function datasetsReaching(
  nodes: readonly StageNode[],
  inputs: readonly PipelineRunInput[],
  stage: string,
): TrackedInput[] {
  const reached = new Map<string, TrackedInput>();
  const visited = new Set<string>();
  const waiting = [stage];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (visited.has(name)) continue;
    visited.add(name);
    const node = nodes.find((each) => each.stage.name === name);
    if (!node) continue;
    for (const input of inputs) {
      if (reached.has(input.dataset) || !filesRead(node.stage).some((file) => pathsMeet(file, input.path))) continue;
      // A dataset of which nothing lies before the cut-off reaches nobody.
      if (!input.used) continue;
      const { versionId, digest } = input.used;
      reached.set(input.dataset, {
        dataset: input.dataset,
        versionId,
        digest,
        stage,
        ...(name !== stage && { through: name }),
      });
    }
    waiting.push(...node.after);
  }
  return [...reached.values()];
}
