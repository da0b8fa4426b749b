import { invalid } from './errors.ts';
import type { Stage } from './pipeline-definition.ts';

/** A stage with the stages whose outputs it reads. */
export interface StageNode {
  readonly stage: Stage;
  /** Names, in the order of the file. */
  readonly after: readonly string[];
}

/**
 * The stages in an order in which each comes after those it reads from; where that leaves a choice, in the order of the
 * file. Pure.
 * @throws DomainError INVALID_ARGUMENT naming the stages of a cycle, or two outputs that lie in each other
 */
export function orderStages(stages: readonly Stage[]): StageNode[] {
  refuseOverlaps(stages);
  const nodes = stages.map((stage) => ({
    stage,
    after: stages.filter((other) => readsFrom(stage, other)).map((other) => other.name),
  }));
  const waiting = new Map(nodes.map((node) => [node.stage.name, node]));
  const ordered: StageNode[] = [];
  while (waiting.size > 0) {
    const next = [...waiting.values()].find((node) => node.after.every((name) => !waiting.has(name)));
    if (!next) throw cycleError(waiting);
    waiting.delete(next.stage.name);
    ordered.push(next);
  }
  return ordered;
}

/** True when the paths are equal or one lies in the other. */
export function pathsMeet(a: string, b: string): boolean {
  return a === b || a === '.' || b === '.' || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/** Paths a stage reads, parameters files included. */
export function filesRead(stage: Stage): string[] {
  return [...stage.inputs, ...stage.params].map((input) => input.file);
}

function readsFrom(stage: Stage, other: Stage): boolean {
  return filesRead(stage).some((file) => other.outputs.some((output) => pathsMeet(file, output.file)));
}

function refuseOverlaps(stages: readonly Stage[]): void {
  // Sorted, a path that lies in another comes after it, with only others of its kind between: neighbours are enough,
  // since the separator is made the smallest character.
  const outputs = stages
    .flatMap((stage) => stage.outputs.map((output) => ({ stage: stage.name, file: output.file })))
    .map((output) => ({ ...output, key: output.file.replaceAll('/', '\0') }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const [index, output] of outputs.entries()) {
    const next = outputs[index + 1];
    if (!next || !pathsMeet(output.file, next.file)) continue;
    const message =
      output.file === next.file
        ? `'${output.file}' is an output of both ${output.stage} and ${next.stage}`
        : `the output '${next.file}' of ${next.stage} lies in the output '${output.file}' of ${output.stage}`;
    throw invalid(message, { field: `stages.${next.stage}.outs`, hint: 'Let one stage alone write each path.' });
  }
}

function cycleError(waiting: ReadonlyMap<string, StageNode>) {
  // Every waiting stage waits for another one: walking back must come round.
  const path: string[] = [];
  let name = waiting.keys().next().value ?? '';
  while (!path.includes(name)) {
    path.push(name);
    name = waiting.get(name)?.after.find((before) => waiting.has(before)) ?? name;
  }
  const reversed = path.slice(path.indexOf(name)).toReversed();
  const first = reversed.indexOf([...waiting.keys()].find((each) => reversed.includes(each)) ?? name);
  const cycle = [...reversed.slice(first), ...reversed.slice(0, first)];
  return invalid(`The stages wait for each other: ${[...cycle, cycle[0]].join(' → ')}`, {
    field: `stages.${cycle[0]}.deps`,
    hint: 'Take out the dep or out that closes the circle.',
  });
}
