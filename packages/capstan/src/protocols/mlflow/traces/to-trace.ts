import type { KeyValue } from '#model/experiments';
import {
  COST,
  FINALIZED,
  TOKEN_USAGE,
  readValue,
  writeValue,
  type Assessment,
  type AttributeValue,
  type Attributes,
  type Span,
  type SpanLink,
  type Trace,
  type TraceInfo,
} from '#model/traces';
import { listed, optional } from '../wire/json-reply.ts';
import { writeDuration, writeTime } from './times.ts';

/** MLflow's clients cut so, and servers again. */
const LONGEST_METADATA = 250;
const LONGEST_TAG = 4_096;

export function toTraceInfo(info: TraceInfo): object {
  return {
    trace_id: info.id,
    ...optional('client_request_id', info.clientRequestId),
    trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: info.experimentId } },
    ...optional('request_preview', info.requestPreview),
    ...optional('response_preview', info.responsePreview),
    request_time: writeTime(info.startedAt),
    ...optional('execution_duration', info.durationMs === null ? null : writeDuration(info.durationMs)),
    state: info.status,
    ...texts('trace_metadata', info.metadata, LONGEST_METADATA),
    ...texts('tags', info.tags, LONGEST_TAG),
    ...listed('assessments', info.assessments.map(toAssessment)),
  };
}

/** As MLflow before 3 wrote it. */
export function toOldTraceInfo(info: TraceInfo): object {
  return {
    request_id: info.id,
    experiment_id: info.experimentId,
    timestamp_ms: info.startedAt,
    execution_time_ms: info.durationMs ?? 0,
    status: info.status === 'STATE_UNSPECIFIED' ? 'TRACE_STATUS_UNSPECIFIED' : info.status,
    ...listed('request_metadata', cutTo(info.metadata, LONGEST_METADATA)),
    ...listed('tags', cutTo(info.tags, LONGEST_TAG)),
  };
}

export function toTrace({ info, spans }: Trace): object {
  return {
    trace_info: toTraceInfo(info),
    ...listed(
      'spans',
      spans.map((span) => toOtlpSpan(info.id, span)),
    ),
  };
}

/** The file that clients keep spans in, from spans that are kept here. */
export function toTraceFile({ info, spans }: Trace): string {
  return `{"spans": [${spans.map((span) => writeValue(toFileSpan(info.id, span))).join(', ')}]}`;
}

export function toAssessment(assessment: Assessment): object {
  const { kind, source, error, metadata } = assessment;
  return {
    assessment_id: assessment.id,
    assessment_name: assessment.name,
    trace_id: assessment.traceId,
    ...optional('span_id', assessment.spanId),
    source: { source_type: source.type, ...optional('source_id', source.id) },
    create_time: writeTime(assessment.createdAt),
    last_update_time: writeTime(assessment.updatedAt),
    ...(kind === 'feedback' && {
      feedback: {
        value: assessment.value,
        ...(error && {
          error: {
            ...optional('error_code', error.code),
            ...optional('error_message', error.message),
            ...optional('stack_trace', error.stackTrace),
          },
        }),
      },
    }),
    ...(kind === 'expectation' && { expectation: expectationOf(assessment.value) }),
    ...(kind === 'issue' && { issue: { issue_name: String(assessment.value) } }),
    ...optional('rationale', assessment.rationale),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...optional('overrides', assessment.overrides),
    valid: assessment.isValid,
  };
}

/** Lists and objects travel as JSON text. */
function expectationOf(value: unknown): object {
  return typeof value === 'object' && value !== null
    ? { serialized_value: { serialization_format: 'JSON_FORMAT', value: JSON.stringify(value) } }
    : { value };
}

function texts(name: 'trace_metadata' | 'tags', entries: readonly KeyValue[], longest: number): object {
  if (entries.length === 0) return {};
  return { [name]: Object.fromEntries(cutTo(entries, longest).map(({ key, value }) => [key, value])) };
}

/** What a cut would make unreadable is left whole. */
const uncut = new Set<string>([TOKEN_USAGE, COST, FINALIZED]);

function cutTo(entries: readonly KeyValue[], longest: number): KeyValue[] {
  return entries.map(({ key, value }) => ({
    key,
    value: uncut.has(key) || value.length <= longest ? value : value.slice(0, longest).toWellFormed(),
  }));
}

/** OpenTelemetry's span in protobuf's JSON: ids in base64, 64-bit integers as numbers. */
function toOtlpSpan(traceId: string, span: Span): object {
  return {
    trace_id: base64(traceHex(traceId)),
    span_id: base64(span.spanId),
    ...optional('parent_span_id', span.parentId === null ? null : base64(span.parentId)),
    name: span.name,
    start_time_unix_nano: span.startNs,
    ...optional('end_time_unix_nano', span.endNs),
    ...listed(
      'attributes',
      Array.from(span.attributes, ([key, json]) => ({ key, value: toAnyValue(readValue(json) ?? json) })),
    ),
    ...listed(
      'events',
      span.events.map(({ name, atNs, attributes }) => ({
        time_unix_nano: atNs,
        name,
        ...listed('attributes', toKeyValues(attributes)),
      })),
    ),
    ...listed('links', span.links.map(toOtlpLink)),
    status: { ...optional('message', span.statusMessage || null), code: `STATUS_CODE_${span.status}` },
  };
}

function toOtlpLink({ traceId, spanId, attributes }: SpanLink): object {
  return { trace_id: base64(traceId), span_id: base64(spanId), ...listed('attributes', toKeyValues(attributes)) };
}

function toKeyValues(attributes: Attributes): object[] {
  return Array.from(attributes, ([key, value]) => ({ key, value: toAnyValue(value) }));
}

function toAnyValue(value: AttributeValue): object {
  if (value === null) return {};
  switch (typeof value) {
    case 'string':
      return { string_value: value };
    case 'boolean':
      return { bool_value: value };
    case 'bigint':
      // One beyond 64 bits has no place in OpenTelemetry but as a decimal number.
      return BigInt.asIntN(64, value) === value ? { int_value: value } : { double_value: Number(value) };
    case 'number':
      return { double_value: Number.isFinite(value) ? value : String(value) };
    default:
      if (value instanceof Uint8Array) return { bytes_value: Buffer.from(value).toString('base64') };
      if (value instanceof Map) return { kvlist_value: listed('values', toKeyValues(value as Attributes)) };
      return { array_value: listed('values', (value as readonly AttributeValue[]).map(toAnyValue)) };
  }
}

function toFileSpan(traceId: string, span: Span): AttributeValue {
  return new Map<string, AttributeValue>([
    ['trace_id', base64(traceHex(traceId))],
    ['span_id', base64(span.spanId)],
    ['parent_span_id', span.parentId === null ? null : base64(span.parentId)],
    ['name', span.name],
    ['start_time_unix_nano', span.startNs],
    ['end_time_unix_nano', span.endNs],
    [
      'events',
      span.events.map(
        ({ name, atNs, attributes }) =>
          new Map<string, AttributeValue>([
            ['name', name],
            ['time_unix_nano', atNs],
            ['attributes', attributes],
          ]),
      ),
    ],
    [
      'status',
      new Map([
        ['code', `STATUS_CODE_${span.status}`],
        ['message', span.statusMessage],
      ]),
    ],
    ['attributes', new Map(span.attributes)],
    [
      'links',
      span.links.map(
        ({ traceId: other, spanId, attributes }) =>
          new Map<string, AttributeValue>([
            ['trace_id', `tr-${other}`],
            ['span_id', spanId],
            ['attributes', attributes],
          ]),
      ),
    ],
  ]);
}

function traceHex(traceId: string): string {
  return traceId.replace(/^tr-/, '');
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
