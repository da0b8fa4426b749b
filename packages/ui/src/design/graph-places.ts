/** A thing of a graph and those that it comes after. */
export interface GraphNode {
  readonly name: string;
  readonly after: readonly string[];
}

export interface GraphPlace {
  readonly column: number;
  readonly row: number;
}

/**
 * Each one column behind the last of those it comes after, near them: rows of a column are in the order of the middle of
 * what they come after. Names that are none of the graph's count for nothing. Pure.
 */
export function placeGraph(nodes: readonly GraphNode[]): ReadonlyMap<string, GraphPlace> {
  const known = new Map(nodes.map((node) => [node.name, node]));
  const columns = new Map<string, number>();
  const columnOf = (name: string): number => {
    const found = columns.get(name);
    if (found !== undefined) return found;
    // A cycle ends here.
    columns.set(name, 0);
    const before = (known.get(name)?.after ?? []).filter((each) => known.has(each));
    const column = before.length === 0 ? 0 : Math.max(...before.map(columnOf)) + 1;
    columns.set(name, column);
    return column;
  };
  for (const { name } of nodes) columnOf(name);
  const places = new Map<string, GraphPlace>();
  const byColumn = Map.groupBy(nodes, ({ name }) => columns.get(name) ?? 0);
  for (const column of [...byColumn.keys()].toSorted((a, b) => a - b)) {
    const middle = ({ after }: GraphNode): number => {
      const rows = after.flatMap((name) => places.get(name)?.row ?? []);
      return rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + row, 0) / rows.length;
    };
    const ordered = (byColumn.get(column) ?? []).map((node, index) => ({ node, index, at: middle(node) }));
    ordered.sort((a, b) => a.at - b.at || a.index - b.index);
    for (const [row, { node }] of ordered.entries()) places.set(node.name, { column, row });
  }
  return places;
}
