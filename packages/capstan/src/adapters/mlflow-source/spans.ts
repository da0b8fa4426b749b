// Spans as MLflow writes them to its database and to the file `traces.json`, of every version that did. Pure.
import { readValue, writeValue, type AttributeValue } from '#kernel/exact-json';
import type { SourceSpan, TraceSpans } from '#ports/tracking-source';

type Members = ReadonlyMap<string, AttributeValue>;

/** Where a value of a span lies in a file of its trace. */
const ATTACHMENT = 'mlflow-attachment://';
const nothing: Members = new Map();

/** Spans out of the texts of single ones, as the database has them. Those that are no spans are left out. */
export function spansOfTexts(traceId: string, texts: readonly string[]): TraceSpans {
  const spans = texts.flatMap((text) => spanOf(readValue(text)) ?? []);
  return { traceId, spans, hasFiles: texts.some((text) => text.includes(ATTACHMENT)) };
}

/** Spans out of the text of a file `{"spans": […]}`. */
export function spansOfFile(traceId: string, text: string): TraceSpans {
  const list = membersOf(readValue(text)).get('spans');
  const spans = Array.isArray(list) ? (list as readonly AttributeValue[]).flatMap((one) => spanOf(one) ?? []) : [];
  return { traceId, spans, hasFiles: text.includes(ATTACHMENT) };
}

function spanOf(value: AttributeValue | undefined): SourceSpan | undefined {
  const span = membersOf(value);
  const context = span.get('context');
  // Before MLflow 3 ids lay in a context of their own, and fields had other names.
  const ids = context === undefined ? span : membersOf(context);
  const spanId = hexOf(ids.get('span_id'));
  const startNs = nanoseconds(span.get('start_time_unix_nano') ?? span.get('start_time'));
  if (spanId === null || startNs === null) return undefined;
  const status = membersOf(span.get('status'));
  return {
    spanId,
    parentId: hexOf(span.get('parent_span_id') ?? span.get('parent_id')),
    name: textOf(span.get('name')),
    status: statusOf(textOf(status.get('code') ?? span.get('status_code'))),
    statusMessage: textOf(status.get('message') ?? span.get('status_message')),
    startNs,
    endNs: nanoseconds(span.get('end_time_unix_nano') ?? span.get('end_time')),
    attributes: Object.fromEntries([...membersOf(span.get('attributes'))].map(([key, told]) => [key, jsonOf(told)])),
    events: listOf(span.get('events')).map((event) => ({
      name: textOf(event.get('name')),
      atNs: nanoseconds(event.get('time_unix_nano') ?? event.get('timestamp')) ?? startNs,
      attributes: jsonTexts(event.get('attributes')),
    })),
    links: listOf(span.get('links')).map((link) => ({
      traceId: textOf(link.get('trace_id')).replace(/^.*tr-/, ''),
      spanId: textOf(link.get('span_id')),
      attributes: jsonTexts(link.get('attributes')),
    })),
  };
}

/** MLflow keeps the JSON text of each attribute; what is none stands for itself. */
function jsonOf(value: AttributeValue): string {
  return typeof value === 'string' && readValue(value) !== undefined ? value : writeValue(value);
}

function jsonTexts(value: AttributeValue | undefined): Record<string, string> {
  return Object.fromEntries([...membersOf(value)].map(([key, item]) => [key, writeValue(item)]));
}

/** By length: 16 hex digits are text of their own, 8 bytes in base64 have 12 characters. */
function hexOf(value: AttributeValue | undefined): string | null {
  const text = textOf(value).replace(/^0x/, '');
  if (text === '') return null;
  if (/^[0-9a-f]{16}$/i.test(text)) return text.toLowerCase();
  const hex = Buffer.from(text, 'base64').toString('hex');
  return hex.length === 16 ? hex : null;
}

function statusOf(code: string): SourceSpan['status'] {
  const word = code.replace(/^.*(?:STATUS_CODE_|StatusCode\.)/, '').toUpperCase();
  return word === 'OK' || word === 'ERROR' ? word : 'UNSET';
}

function nanoseconds(value: AttributeValue | undefined): string | null {
  const text = typeof value === 'bigint' || typeof value === 'string' ? String(value) : '';
  return /^\d{1,19}$/.test(text) && text !== '0' ? text : null;
}

function membersOf(value: AttributeValue | undefined): Members {
  return value instanceof Map ? (value as Members) : nothing;
}

function listOf(value: AttributeValue | undefined): Members[] {
  return Array.isArray(value) ? (value as readonly AttributeValue[]).map(membersOf) : [];
}

function textOf(value: AttributeValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
