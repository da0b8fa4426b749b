import type { TraceSpan } from '../../app/replies.ts';
import { duration } from '../../design/format.ts';
import type { Step } from '../../design/waterfall.tsx';

/** Spans as a tree, each child under its parent, by start; one whose parent is not there stands at the top. */
export function stepsOf(spans: readonly TraceSpan[]): Step[] {
  const known = new Set(spans.map((span) => span.spanId));
  const children = new Map<string | null, TraceSpan[]>();
  for (const span of spans) {
    const parent = span.parentId !== null && known.has(span.parentId) ? span.parentId : null;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const starts = spans.map((span) => BigInt(span.startNs));
  const ends = spans.map((span) => BigInt(span.endNs ?? span.startNs));
  const first = starts.reduce((least, start) => (start < least ? start : least), starts[0] ?? 0n);
  const last = ends.reduce((greatest, end) => (end > greatest ? end : greatest), first);
  const share = (at: bigint): number => (last === first ? 0 : Number(at - first) / Number(last - first));

  const steps: Step[] = [];
  const waiting = (children.get(null) ?? []).map((span) => ({ span, depth: 0 })).toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span, depth } = next;
    const [start, end] = [BigInt(span.startNs), span.endNs === null ? last : BigInt(span.endNs)];
    steps.push({
      id: span.spanId,
      label: span.name,
      kind: (span.type ?? 'span').toLowerCase().replaceAll('_', ' '),
      depth,
      from: share(start),
      to: share(end),
      note: span.endNs === null ? 'goes on' : duration(Number(end - start) / 1e6),
      isFailed: span.status === 'ERROR',
    });
    for (const child of (children.get(span.spanId) ?? []).toReversed()) waiting.push({ span: child, depth: depth + 1 });
  }
  return steps;
}
