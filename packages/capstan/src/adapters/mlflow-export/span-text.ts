// A span as MLflow's database holds it. Pure.
import { readValue, writeValue, type AttributeValue } from '#kernel/exact-json';
import type { SourceSpan } from '#ports/tracking-source';

/** The text that MLflow keeps of a span. */
export function textOfSpan(traceId: string, span: SourceSpan): string {
  const { spanId, parentId, name, status, statusMessage, startNs, endNs, attributes, events, links } = span;
  const members: [string, AttributeValue][] = [
    ['trace_id', base64(traceId.replace(/^tr-/, ''))],
    ['span_id', base64(spanId)],
    ['parent_span_id', parentId === null ? null : base64(parentId)],
    ['name', name],
    ['start_time_unix_nano', BigInt(startNs)],
    ['end_time_unix_nano', endNs === null ? null : BigInt(endNs)],
    [
      'events',
      events.map(
        (event) =>
          new Map<string, AttributeValue>([
            ['name', event.name],
            ['time_unix_nano', BigInt(event.atNs)],
            ['attributes', valuesOf(event.attributes)],
          ]),
      ),
    ],
    [
      'status',
      new Map([
        ['code', `STATUS_CODE_${status}`],
        ['message', statusMessage],
      ]),
    ],
    ['attributes', new Map(Object.entries(attributes))],
    [
      'links',
      links.map(
        (link) =>
          new Map<string, AttributeValue>([
            ['trace_id', `tr-${link.traceId}`],
            ['span_id', link.spanId],
            ['attributes', valuesOf(link.attributes)],
          ]),
      ),
    ],
  ];
  return writeValue(new Map(members));
}

function valuesOf(texts: Readonly<Record<string, string>>): ReadonlyMap<string, AttributeValue> {
  return new Map(Object.entries(texts).map(([key, text]) => [key, readValue(text) ?? text]));
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
