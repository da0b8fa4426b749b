import { invalid } from './errors.ts';

/** What reads and writes files: a stage, or tracked data. Paths are of one folder, with `/`; `.` is that folder. */
export interface GraphNode {
  readonly name: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

export interface PathGraph<Node extends GraphNode> {
  /** Each comes after those it reads from; where that leaves a choice, as given. */
  readonly order: readonly Node[];
  /** Names of the nodes whose outputs one reads, in the order given. */
  before(name: string): readonly string[];
  /** Names of those that read from one, in the order given. */
  after(name: string): readonly string[];
}

/** Names the place of a mistake in a node for `DomainError.field`. */
type FieldOf = (name: string, part: 'deps' | 'outs') => string;

/** True when the paths are equal or one lies in the other. */
export function pathsMeet(a: string, b: string): boolean {
  return a === b || a === '.' || b === '.' || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/**
 * Who reads what whom wrote. Pure.
 * @throws DomainError INVALID_ARGUMENT naming the nodes of a cycle, or two outputs that lie in each other
 */
export function buildGraph<Node extends GraphNode>(
  nodes: readonly Node[],
  fieldOf: FieldOf = (name) => name,
): PathGraph<Node> {
  const written = writtenPaths(nodes);
  refuseOverlaps(written, fieldOf);
  const findWriters = writersOf(written);
  const places = new Map(nodes.map((node, index) => [node.name, index]));
  const byPlace = (a: string, b: string): number => (places.get(a) ?? 0) - (places.get(b) ?? 0);
  const before = new Map<string, readonly string[]>();
  const after = new Map<string, string[]>(nodes.map(({ name }) => [name, []]));
  for (const node of nodes) {
    const writers = [...new Set(node.reads.flatMap(findWriters))].toSorted(byPlace);
    before.set(node.name, writers);
    for (const writer of writers) after.get(writer)?.push(node.name);
  }
  return {
    order: inOrder(nodes, before, after, fieldOf),
    before: (name) => before.get(name) ?? [],
    after: (name) => after.get(name) ?? [],
  };
}

interface WrittenPath {
  readonly node: string;
  readonly path: string;
  readonly key: string;
}

/** Sorted so that what lies in a path follows it at once: the separator is made the smallest character. */
function writtenPaths(nodes: readonly GraphNode[]): WrittenPath[] {
  return nodes
    .flatMap(({ name, writes }) => writes.map((path) => ({ node: name, path, key: keyOf(path) })))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

const keyOf = (path: string): string => (path === '.' ? '' : `${path.replaceAll('/', '\0')}\0`);

/** The writers of what is, holds or lies in a path: found by name and by place in the sorted list. */
function writersOf(written: readonly WrittenPath[]): (path: string) => string[] {
  const byKey = new Map(written.map(({ key, node }) => [key, node]));
  return (path) => {
    const key = keyOf(path);
    const found: string[] = [];
    for (let end = key.indexOf('\0'); end >= 0 && end + 1 < key.length; end = key.indexOf('\0', end + 1)) {
      const writer = byKey.get(key.slice(0, end + 1));
      if (writer !== undefined) found.push(writer);
    }
    for (let at = firstFrom(written, key); written[at]?.key.startsWith(key); at++) found.push(written[at]?.node ?? '');
    const whole = byKey.get('');
    if (whole !== undefined) found.push(whole);
    return found;
  };
}

function firstFrom(written: readonly WrittenPath[], key: string): number {
  let low = 0;
  for (let high = written.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((written[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function refuseOverlaps(written: readonly WrittenPath[], fieldOf: FieldOf): void {
  for (const [index, output] of written.entries()) {
    const next = written[index + 1];
    if (!next?.key.startsWith(output.key)) continue;
    const message =
      output.path === next.path
        ? `'${output.path}' is an output of both ${output.node} and ${next.node}`
        : `the output '${next.path}' of ${next.node} lies in the output '${output.path}' of ${output.node}`;
    throw invalid(message, { field: fieldOf(next.node, 'outs'), hint: 'Let one stage alone write each path.' });
  }
}

function inOrder<Node extends GraphNode>(
  nodes: readonly Node[],
  before: ReadonlyMap<string, readonly string[]>,
  after: ReadonlyMap<string, readonly string[]>,
  fieldOf: FieldOf,
): Node[] {
  const places = new Map(nodes.map(({ name }, index) => [name, index]));
  const open = new Map(nodes.map(({ name }) => [name, before.get(name)?.length ?? 0]));
  // Sorted, the first one last.
  const ready = nodes.flatMap(({ name }, index) => (open.get(name) === 0 ? [index] : [])).toReversed();
  const order: Node[] = [];
  for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
    const node = nodes[at];
    if (!node) break;
    order.push(node);
    for (const name of after.get(node.name) ?? []) {
      const left = (open.get(name) ?? 0) - 1;
      open.set(name, left);
      if (left === 0) insert(ready, places.get(name) ?? 0);
    }
  }
  if (order.length === nodes.length) return order;
  const done = new Set(order.map(({ name }) => name));
  throw cycleError(
    nodes.map(({ name }) => name).filter((name) => !done.has(name)),
    before,
    fieldOf,
  );
}

function insert(descending: number[], value: number): void {
  let low = 0;
  for (let high = descending.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((descending[middle] ?? 0) > value) low = middle + 1;
    else high = middle;
  }
  descending.splice(low, 0, value);
}

/** Every node that is left waits for another one that is left: walking back must come round. */
function cycleError(left: readonly string[], before: ReadonlyMap<string, readonly string[]>, fieldOf: FieldOf) {
  const waiting = new Set(left);
  const path: string[] = [];
  let name = left[0] ?? '';
  while (!path.includes(name)) {
    path.push(name);
    name = before.get(name)?.find((each) => waiting.has(each)) ?? name;
  }
  const reversed = path.slice(path.indexOf(name)).toReversed();
  const first = reversed.indexOf(left.find((each) => reversed.includes(each)) ?? name);
  const cycle = [...reversed.slice(first), ...reversed.slice(0, first)];
  return invalid(`The stages wait for each other: ${[...cycle, cycle[0]].join(' → ')}`, {
    field: fieldOf(cycle[0] ?? '', 'deps'),
    hint: 'Take out the dep or out that closes the circle.',
  });
}
