import type { DagNode } from '#repository';

/** Box-drawing characters by the sides they reach: up 8, down 4, left 2, right 1. */
const BOX = ' ╶╴─╷┌┐┬╵└┘┴│├┤┼';
const [UP, DOWN, LEFT, RIGHT] = [8, 4, 2, 1] as const;

/**
 * The graph as lines of text, one for each node, in lanes: a lane leads down to the node that reads from those it comes
 * from. Pure.
 */
export function dagPicture(nodes: readonly DagNode[]): string {
  const readers = readersOf(nodes);
  const names = new Set(nodes.map(({ name }) => name));
  const lines: string[] = [];
  /** The reader that each lane leads to; a lane without one is free. */
  let lanes: (string | undefined)[] = [];
  for (const node of nodes) {
    const at = laneOf(lanes, node.name);
    const here = lanes.map((lane, index) => (index === at ? '●' : lane === undefined ? ' ' : '│'));
    if (at === lanes.length) here.push('●');
    lines.push(`${here.join(' ')}  ${label(node)}`);
    const after = lanesAfter(
      lanes,
      at,
      (readers.get(node.name) ?? []).filter((each) => names.has(each)),
    );
    const joint = jointOf(lanes, after.lanes, at, after.targets);
    if (joint !== undefined) lines.push(joint);
    ({ lanes } = after);
    while (lanes.length > 0 && lanes.at(-1) === undefined) lanes.pop();
  }
  return lines.join('\n');
}

function label({ name, kind, isFrozen }: DagNode): string {
  const marks = [kind === 'data' ? 'data' : '', isFrozen ? 'frozen' : ''].filter(Boolean);
  return marks.length === 0 ? name : `${name} (${marks.join(', ')})`;
}

function readersOf(nodes: readonly DagNode[]): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  for (const { name, after } of nodes) {
    for (const before of after) {
      const list = readers.get(before);
      if (list) list.push(name);
      else readers.set(before, [name]);
    }
  }
  return readers;
}

/** The lane that leads to a node; a free one where none does. */
function laneOf(lanes: readonly (string | undefined)[], name: string): number {
  const own = lanes.indexOf(name);
  if (own >= 0) return own;
  const free = lanes.indexOf(undefined);
  return free >= 0 ? free : lanes.length;
}

function lanesAfter(
  before: readonly (string | undefined)[],
  at: number,
  readers: readonly string[],
): { lanes: (string | undefined)[]; targets: number[] } {
  const lanes = [...before];
  lanes[at] = undefined;
  const targets = readers.map((reader) => {
    const known = lanes.indexOf(reader);
    if (known >= 0) return known;
    const free = lanes[at] === undefined ? at : laneOf(lanes, reader);
    lanes[free] = reader;
    return free;
  });
  return { lanes, targets };
}

/** The line between a node and the lanes of its readers; none where its own lane goes on alone. */
function jointOf(
  before: readonly (string | undefined)[],
  after: readonly (string | undefined)[],
  at: number,
  targets: readonly number[],
): string | undefined {
  if (targets.every((target) => target === at)) return undefined;
  const [first, last] = [Math.min(at, ...targets), Math.max(at, ...targets)];
  let line = '';
  for (let lane = 0; lane < Math.max(before.length, after.length); lane++) {
    const isTarget = targets.includes(lane);
    const comesFromAbove = lane === at || before[lane] !== undefined;
    const goesOn = isTarget || (lane !== at && after[lane] !== undefined);
    const left = lane > first && lane <= last ? LEFT : 0;
    const right = lane >= first && lane < last ? RIGHT : 0;
    line += BOX[(comesFromAbove ? UP : 0) | (goesOn ? DOWN : 0) | left | right] ?? ' ';
    line += right > 0 ? '─' : ' ';
  }
  return line.trimEnd();
}

/** For Markdown that draws it. */
export function dagMermaid(nodes: readonly DagNode[]): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `n${index + 1}`]));
  const shapes = nodes.map(({ name, kind }) => {
    const text = `"${name.replaceAll('"', '#quot;')}"`;
    return `  ${ids.get(name)}${kind === 'data' ? `[(${text})]` : `[${text}]`}`;
  });
  const edges = nodes.flatMap(({ name, after }) =>
    after.flatMap((before) => (ids.has(before) ? [`  ${ids.get(before)} --> ${ids.get(name)}`] : [])),
  );
  return ['flowchart TD', ...shapes, ...edges].join('\n');
}

/** For Graphviz. */
export function dagDot(nodes: readonly DagNode[]): string {
  const quoted = (name: string): string => `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  const names = new Set(nodes.map(({ name }) => name));
  const edges = nodes.flatMap(({ name, after }) =>
    after.flatMap((before) => (names.has(before) ? [`  ${quoted(before)} -> ${quoted(name)};`] : [])),
  );
  const shapes = nodes.map(({ name, kind }) => `  ${quoted(name)}${kind === 'data' ? ' [shape=cylinder]' : ''};`);
  return ['digraph {', ...shapes, ...edges, '}'].join('\n');
}
