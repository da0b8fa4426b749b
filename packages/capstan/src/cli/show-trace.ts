import type { Client } from '@capstan/client';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Trace = Awaited<ReturnType<Client['traces']['get']>>;
type Span = Trace['spans'][number];

/** A trace for people: what it is, its spans as a tree, then what was said of it. */
export function showTrace(trace: Trace): string {
  const facts = [
    ['trace', trace.id],
    ['name', oneLine(trace.name ?? '')],
    ['status', trace.status],
    ['started', timeText(trace.startedAt)],
    ['took', trace.durationMs === null ? '' : `${trace.durationMs} ms`],
    ['request', oneLine(trace.requestPreview ?? '')],
    ['response', oneLine(trace.responsePreview ?? '')],
    ['runs', trace.runs.join(', ')],
    ['prompts', oneLine(trace.prompts.join(', '))],
  ].filter(([, value]) => value !== '');
  return [
    facts.map(([name = '', value = '']) => `${name.padEnd(10)}  ${value}`).join('\n'),
    section(['SPAN', 'TYPE', 'STATUS', 'FROM MS', 'TOOK MS'], spanRows(trace.spans)),
    section(
      ['ASSESSMENT', 'VALUE', 'BY', 'WHY'],
      trace.assessments.map(({ name, value, error, sourceType, sourceId, rationale, isValid }) => [
        oneLine(isValid ? name : `${name} (replaced)`),
        oneLine(error ?? JSON.stringify(value)),
        oneLine(sourceId ?? sourceType),
        oneLine(rationale ?? ''),
      ]),
    ),
    section(
      ['TAG', 'VALUE'],
      Object.entries(trace.tags).map(([key, value]) => [oneLine(key), oneLine(value)]),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Children under their parents, indented; spans whose parent is not there are roots. */
function spanRows(spans: readonly Span[]): (string | number)[][] {
  const known = new Set(spans.map((span) => span.spanId));
  const children = Map.groupBy(spans, (span) => (known.has(span.parentId ?? '') ? span.parentId : null));
  const start = spans.reduce((least, { startNs }) => (BigInt(startNs) < least ? BigInt(startNs) : least), 2n ** 63n);
  const rows: (string | number)[][] = [];
  const waiting = (children.get(null) ?? []).map((span) => ({ span, depth: 0 })).toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span, depth } = next;
    rows.push([
      '  '.repeat(Math.min(depth, 20)) + oneLine(span.name),
      oneLine(span.type ?? ''),
      span.status,
      milliseconds(BigInt(span.startNs) - start),
      span.endNs === null ? '' : milliseconds(BigInt(span.endNs) - BigInt(span.startNs)),
    ]);
    const below = (children.get(span.spanId) ?? []).map((child) => ({ span: child, depth: depth + 1 }));
    waiting.push(...below.toReversed());
  }
  return rows;
}

function milliseconds(nanoseconds: bigint): string {
  return (Number(nanoseconds) / 1e6).toFixed(1);
}

/** Nothing where there are no rows. */
function section(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return rows.length === 0 ? '' : table(header, rows);
}
