import type { StageNode } from '#kernel/stage-graph';
import type { NewStage } from '../store.ts';

/** What a run keeps of its stages before any of them has had its turn. Pure. */
export function stageRows(
  run: { readonly id: string; readonly project: string },
  nodes: readonly StageNode[],
): NewStage[] {
  return nodes.map(({ stage, after }, position) => ({
    pipeline_run: run.id,
    name: stage.name,
    project: run.project,
    position,
    status: 'waiting',
    is_cached: 0,
    description: stage.description ?? null,
    command: stage.lines.join('\n'),
    after: JSON.stringify(after),
    inputs: JSON.stringify([...stage.inputs, ...stage.params].map((input) => input.file)),
    outputs: JSON.stringify(stage.outputs.map((output) => output.file)),
    why: '[]',
  }));
}

/** The stage that was asked for and all that read from it, each with the one asked for. Pure. */
export function forcedStages(nodes: readonly StageNode[], from: string | null): ReadonlyMap<string, string> {
  const forced = new Map<string, string>();
  if (from === null) return forced;
  // In an order in which each comes after those it reads from.
  for (const { stage, after } of nodes) {
    if (stage.name === from || after.some((name) => forced.has(name))) forced.set(stage.name, from);
  }
  return forced;
}
