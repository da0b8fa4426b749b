// What a trace used in all: a parent that reports a sum would be counted again with its children. Pure.

/** What counts of a span: its place in the tree, and the numbers it reports. */
export interface UsageNode {
  readonly spanId: string;
  readonly parentId: string | null;
  /** Null where the span reports nothing. */
  readonly amounts: Readonly<Record<string, number>> | null;
}

export const tokenKeys = [
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation_input_tokens_above_1hr',
] as const;
export const costKeys = ['input_cost', 'output_cost', 'total_cost'] as const;

/** The keys that a sum always has, if only as 0. */
const alwaysTold = new Set<string>(['input_tokens', 'output_tokens', 'total_tokens', ...costKeys]);

/**
 * Sums over the spans, leaving out those under an ancestor that already reports (MLflow 3.17). Spans whose parent is not
 * among them are roots. Null where none reports.
 */
export function sumUsage(nodes: readonly UsageNode[], keys: readonly string[]): Record<string, number> | null {
  const known = new Map(nodes.map((node) => [node.spanId, node]));
  const covered = new Map<string, boolean>();
  const reporting = nodes.filter((node) => node.amounts !== null && !isUnderReporter(node, known, covered));
  if (reporting.length === 0) return null;
  const sums: Record<string, number> = {};
  for (const key of keys) {
    const amounts = reporting.map((node) => node.amounts?.[key]).filter((amount) => amount !== undefined);
    if (amounts.length > 0 || alwaysTold.has(key)) sums[key] = amounts.reduce((sum, amount) => sum + amount, 0);
  }
  return sums;
}

/** Walks up to the root; what was learned on the way is kept, so that a chain of spans is walked once. */
function isUnderReporter(
  node: UsageNode,
  known: ReadonlyMap<string, UsageNode>,
  covered: Map<string, boolean>,
): boolean {
  const walked = new Set<string>();
  let result = false;
  for (let at = node; ;) {
    const learned = covered.get(at.spanId);
    if (learned !== undefined) {
      result = learned;
      break;
    }
    walked.add(at.spanId);
    const parent = at.parentId === null ? undefined : known.get(at.parentId);
    // A span that is its own ancestor has no root: it counts as one.
    if (!parent || walked.has(parent.spanId)) break;
    if (parent.amounts !== null) {
      result = true;
      break;
    }
    at = parent;
  }
  // Between a span and its nearest reporter nobody reports: all of them share the answer.
  for (const spanId of walked) covered.set(spanId, result);
  return result;
}
