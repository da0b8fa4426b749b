import type { StageNode } from '#kernel/stage-graph';
import type { NewStage } from './store.ts';

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
