// Traces and assessments as MLflow's REST API tells them; its file store keeps the same messages as YAML. Pure.
import type { SourceAssessment, SourceTrace } from '#ports/tracking-source';
import { list, object, text, textOrNull, type Json } from './rest-client.ts';

const SIZE_STATS = 'mlflow.trace.sizeStats';
const ARTIFACT_LOCATION = 'mlflow.artifactLocation';
const states = ['OK', 'ERROR', 'IN_PROGRESS'] as const;
const sourceTypes = ['HUMAN', 'LLM_JUDGE', 'CODE'] as const;

/** What a trace says of itself, without what it is linked to. */
export function traceOf(info: Json, experimentId: string): Omit<SourceTrace, 'runs' | 'prompts'> {
  const tags = textsIn(info['tags']);
  return {
    id: text(info['trace_id'] ?? info['request_id']),
    experimentId,
    clientRequestId: textOrNull(info['client_request_id']),
    requestPreview: textOrNull(info['request_preview']),
    responsePreview: textOrNull(info['response_preview']),
    startedAt: timeOf(info['request_time'] ?? info['timestamp_ms']),
    durationMs: durationOf(info),
    status: stateOf(text(info['state'] ?? info['status'])),
    tags,
    metadata: textsIn(info['trace_metadata'] ?? info['request_metadata']),
    assessments: list(info['assessments']).map(assessmentOf),
    artifactUri: artifactUriOf(tags),
  };
}

/** Where the files of a trace lie. */
export function artifactUriOf(tags: Readonly<Record<string, string>>): string {
  return tags[ARTIFACT_LOCATION] ?? '';
}

/** Whether its client counted spans of it: then they are somewhere, found or not. */
export function hasSpansSomewhere({ metadata }: Pick<SourceTrace, 'metadata'>): boolean {
  return /"num_spans":\s*[1-9]/.test(metadata[SIZE_STATS] ?? '');
}

export function stateOf(word: string): SourceTrace['status'] {
  return states.find((state) => state === word) ?? 'STATE_UNSPECIFIED';
}

export function sourceTypeOf(word: string): SourceAssessment['sourceType'] {
  // MLflow once called a judge so.
  if (word === 'AI_JUDGE') return 'LLM_JUDGE';
  return sourceTypes.find((type) => type === word) ?? 'SOURCE_TYPE_UNSPECIFIED';
}

export function assessmentOf(told: Json): SourceAssessment {
  const source = object(told['source']);
  const createdAt = timeOf(told['create_time']);
  return {
    id: text(told['assessment_id']),
    ...valueOf(told),
    name: text(told['assessment_name'] ?? told['name']),
    rationale: textOrNull(told['rationale']),
    sourceType: sourceTypeOf(text(source['source_type'])),
    sourceId: textOrNull(source['source_id']),
    spanId: textOrNull(told['span_id']),
    metadata: textsIn(told['metadata']),
    overrides: textOrNull(told['overrides']),
    isValid: told['valid'] !== false,
    createdAt,
    updatedAt: timeOf(told['last_update_time'] ?? told['create_time']),
  };
}

export function errorOf(value: unknown): SourceAssessment['error'] {
  if (value === undefined || value === null) return null;
  const error = object(value);
  return {
    code: textOrNull(error['error_code']),
    message: textOrNull(error['error_message']),
    stackTrace: textOrNull(error['stack_trace']),
  };
}

function valueOf(told: Json): Pick<SourceAssessment, 'kind' | 'value' | 'error'> {
  if (told['expectation'] !== undefined) {
    const expectation = object(told['expectation']);
    const serialized = object(expectation['serialized_value'])['value'];
    const value = serialized === undefined ? expectation['value'] : parsed(text(serialized));
    return { kind: 'expectation', value: value ?? null, error: null };
  }
  if (told['issue'] !== undefined) {
    return { kind: 'issue', value: text(object(told['issue'])['issue_name']), error: null };
  }
  const feedback = object(told['feedback']);
  return {
    kind: 'feedback',
    value: feedback['value'] ?? null,
    error: errorOf(feedback['error'] ?? told['error']),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** Milliseconds of a time as protobuf writes it, or of a number. */
function timeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const time = value instanceof Date ? value.getTime() : Date.parse(text(value).replace(/(\.\d{3})\d+/, '$1'));
  return Number.isFinite(time) ? time : 0;
}

function durationOf(info: Json): number | null {
  const milliseconds = info['execution_duration_ms'] ?? info['execution_time_ms'];
  if (milliseconds !== undefined) return milliseconds === null ? null : Number(milliseconds);
  const [, seconds] = /^(-?\d+(?:\.\d+)?)s$/.exec(text(info['execution_duration'])) ?? [];
  return seconds === undefined ? null : Math.round(Number(seconds) * 1_000);
}

function textsIn(value: unknown): Record<string, string> {
  if (Array.isArray(value)) {
    return Object.fromEntries(list(value).map((pair) => [text(pair['key']), text(pair['value'])]));
  }
  return Object.fromEntries(Object.entries(object(value)).map(([key, item]) => [key, text(item)]));
}
