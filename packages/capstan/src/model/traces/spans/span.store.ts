import { sql } from 'kysely';
import type { Dialect, Reader, Writer } from '#database';
import { readValue, writeValue, type AttributeValue } from '#kernel/exact-json';
import type { Attributes, Span, SpanEvent, SpanLink, SpanStatus } from '../model.ts';
import { chunked } from '../trace.store.ts';
import type { TranslatedSpan } from './translate.ts';
import { costKeys, type UsageNode } from './usage.ts';

const columns = [
  { name: 'trace_key', type: 'integer' },
  { name: 'span_id', type: 'text' },
  { name: 'parent_id', type: 'text' },
  { name: 'name', type: 'text' },
  { name: 'type', type: 'text' },
  { name: 'status', type: 'text' },
  { name: 'status_message', type: 'text' },
  { name: 'started_ns', type: 'integer' },
  { name: 'ended_ns', type: 'integer' },
  { name: 'attributes', type: 'text' },
  { name: 'events', type: 'text' },
  { name: 'links', type: 'text' },
  { name: 'usage', type: 'text' },
  { name: 'input_cost', type: 'double' },
  { name: 'output_cost', type: 'double' },
  { name: 'total_cost', type: 'double' },
  { name: 'model_name', type: 'text' },
  { name: 'model_provider', type: 'text' },
] as const;
const keyColumns = new Set<string>(['trace_key', 'span_id']);

/** Stores spans of a trace; one that is there already is replaced, so that a repeated call is safe. */
export async function putSpans(
  dialect: Dialect,
  writer: Writer,
  trace: number,
  spans: readonly TranslatedSpan[],
): Promise<void> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const changes = columns
    .filter((column) => !keyColumns.has(column.name))
    .map(({ name }) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`);
  await dialect.insertMany(
    writer,
    'spans',
    columns,
    [...byId.values()].map((span) => rowOf(trace, span)),
    sql`on conflict (trace_key, span_id) do update set ${sql.join(changes)}`,
  );
}

function rowOf(trace: number, span: TranslatedSpan) {
  return [
    trace,
    span.spanId,
    span.parentId,
    span.name,
    span.type,
    span.status,
    span.statusMessage,
    span.startNs,
    span.endNs,
    JSON.stringify(Object.fromEntries(span.attributes)),
    writeValue(span.events.map(eventValue)),
    writeValue(span.links.map(linkValue)),
    span.usage && JSON.stringify(span.usage),
    ...costKeys.map((key) => span.cost?.[key] ?? null),
    span.model,
    span.provider,
  ];
}

const eventValue = ({ name, atNs, attributes }: SpanEvent) =>
  new Map<string, AttributeValue>([
    ['name', name],
    ['at', atNs],
    ['attributes', attributes],
  ]);
const linkValue = ({ traceId, spanId, attributes }: SpanLink) =>
  new Map<string, AttributeValue>([
    ['traceId', traceId],
    ['spanId', spanId],
    ['attributes', attributes],
  ]);

interface SpanRow {
  readonly trace_key: number;
  readonly span_id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly type: string | null;
  readonly status: SpanStatus;
  readonly status_message: string;
  readonly started_ns: string;
  readonly ended_ns: string | null;
  readonly attributes: string;
  readonly events: string;
  readonly links: string;
}

/** Spans of traces, by trace key; the root first, then by start. */
export async function spansOf(reader: Reader, traces: readonly number[]): Promise<Map<number, Span[]>> {
  const found = new Map<number, Span[]>(traces.map((trace) => [trace, []]));
  for (const chunk of chunked(traces)) {
    const { rows } = await sql<SpanRow>`
      select trace_key, span_id, parent_id, name, type, status, status_message, cast(started_ns as text) as started_ns,
             cast(ended_ns as text) as ended_ns, attributes, events, links
        from spans where trace_key in (${sql.join(chunk)})
       order by case when parent_id is null then 0 else 1 end, spans.started_ns, span_id`.execute(reader);
    for (const row of rows) found.get(row.trace_key)?.push(toSpan(row));
  }
  return found;
}

/** What the spans of a trace report, for sums over the whole tree. */
export async function usageOf(
  reader: Reader,
  trace: number,
): Promise<{ readonly tokens: UsageNode[]; readonly costs: UsageNode[] }> {
  const rows = await reader
    .selectFrom('spans')
    .select(['span_id', 'parent_id', 'usage', 'input_cost', 'output_cost', 'total_cost'])
    .where('trace_key', '=', trace)
    .execute();
  const place = (row: (typeof rows)[number]) => ({ spanId: row.span_id, parentId: row.parent_id });
  return {
    tokens: rows.map((row) => ({
      ...place(row),
      amounts: row.usage === null ? null : (JSON.parse(row.usage) as Record<string, number>),
    })),
    costs: rows.map((row) => {
      const told = costKeys.flatMap((key) => (row[key] === null ? [] : [[key, row[key]] as const]));
      return { ...place(row), amounts: told.length === 0 ? null : Object.fromEntries(told) };
    }),
  };
}

function toSpan(row: SpanRow): Span {
  return {
    spanId: row.span_id,
    parentId: row.parent_id,
    name: row.name,
    type: row.type,
    status: row.status,
    statusMessage: row.status_message,
    startNs: BigInt(row.started_ns),
    endNs: row.ended_ns === null ? null : BigInt(row.ended_ns),
    attributes: new Map(Object.entries(JSON.parse(row.attributes) as Record<string, string>)),
    events: mapsIn(row.events).map((event) => ({
      name: textIn(event, 'name'),
      atNs: event.get('at') as bigint,
      attributes: event.get('attributes') as Attributes,
    })),
    links: mapsIn(row.links).map((link) => ({
      traceId: textIn(link, 'traceId'),
      spanId: textIn(link, 'spanId'),
      attributes: link.get('attributes') as Attributes,
    })),
  };
}

/** A list that `putSpans` wrote. */
function mapsIn(json: string): Attributes[] {
  return (readValue(json) ?? []) as unknown as Attributes[];
}

function textIn(map: Attributes, key: string): string {
  return map.get(key) as string;
}
