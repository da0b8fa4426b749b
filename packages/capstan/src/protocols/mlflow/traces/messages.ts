// Messages of traces and assessments, and what they say.
import { invalid } from '#kernel/errors';
import type { KeyValue } from '#model/experiments';
import {
  assessmentSources,
  type AssessmentChange,
  type AssessmentError,
  type AssessmentKind,
  type GivenTrace,
  type NewAssessment,
} from '#model/traces';
import { bool, enumOrUnset, json, list, map, message, string, type ValueOf } from '../wire/fields.ts';
import { required } from '../wire/require.ts';
import { readDuration, readTime } from './times.ts';

const state = enumOrUnset('STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS');
const sourceType = enumOrUnset('SOURCE_TYPE_UNSPECIFIED', 'HUMAN', 'LLM_JUDGE', 'CODE');

export const traceLocation = message({ mlflow_experiment: message({ experiment_id: string }) });

const errorMessage = message({ error_code: string, error_message: string, stack_trace: string });

export const assessmentMessage = message({
  assessment_id: string,
  assessment_name: string,
  span_id: string,
  source: message({ source_type: sourceType, source_id: string }),
  create_time: string,
  last_update_time: string,
  feedback: message({ value: json, error: errorMessage }),
  expectation: message({
    value: json,
    serialized_value: message({ serialization_format: string, value: string }),
  }),
  issue: message({ issue_name: string }),
  rationale: string,
  error: errorMessage,
  metadata: map,
  overrides: string,
  valid: bool,
});

export const traceInfoMessage = message({
  trace_id: string,
  client_request_id: string,
  trace_location: traceLocation,
  request_preview: string,
  response_preview: string,
  request_time: string,
  execution_duration: string,
  state,
  trace_metadata: map,
  tags: map,
  assessments: list(assessmentMessage),
});

type AssessmentMessage = ValueOf<typeof assessmentMessage>;

/** @throws DomainError INVALID_ARGUMENT for what a trace must say and does not */
export function toGivenTrace(info: ValueOf<typeof traceInfoMessage>): Omit<GivenTrace, 'cause'> {
  const place = 'trace.trace_info';
  return {
    id: required(`${place}.trace_id`, info.trace_id),
    experimentId: required(
      `${place}.trace_location.mlflow_experiment.experiment_id`,
      info.trace_location?.mlflow_experiment?.experiment_id,
    ),
    clientRequestId: info.client_request_id,
    requestPreview: info.request_preview,
    responsePreview: info.response_preview,
    startedAt: readTime(`${place}.request_time`, info.request_time ?? '1970-01-01T00:00:00Z'),
    durationMs:
      info.execution_duration === undefined
        ? null
        : readDuration(`${place}.execution_duration`, info.execution_duration),
    status: info.state ?? 'STATE_UNSPECIFIED',
    tags: pairsOf(info.tags),
    metadata: pairsOf(info.trace_metadata),
    assessments: info.assessments.map(toNewAssessment),
  };
}

/** @throws DomainError INVALID_ARGUMENT for one that is neither feedback nor expectation nor issue */
export function toNewAssessment(given: AssessmentMessage): NewAssessment {
  const told = valueOf(given);
  if (!told) {
    throw invalid('Unknown assessment type: None', {
      field: 'assessment',
      hint: 'Give it a feedback, an expectation or an issue.',
    });
  }
  return {
    id: given.assessment_id || undefined,
    ...told,
    name: given.assessment_name ?? '',
    rationale: given.rationale || undefined,
    source: { type: given.source?.source_type ?? assessmentSources[0], id: given.source?.source_id || null },
    spanId: given.span_id || undefined,
    metadata: given.metadata,
    overrides: given.overrides || undefined,
    isValid: given.valid,
    createdAt: given.create_time === undefined ? undefined : readTime('create_time', given.create_time),
    updatedAt: given.last_update_time === undefined ? undefined : readTime('last_update_time', given.last_update_time),
  };
}

/** What the mask names, in either spelling of its paths. @throws DomainError INVALID_ARGUMENT */
export function toAssessmentChange(
  given: AssessmentMessage,
  mask: string,
): Omit<AssessmentChange, 'traceId' | 'id' | 'cause'> {
  const paths = new Set(mask.split(',').map((path) => path.trim()));
  const isNamed = (...names: readonly string[]) => names.some((name) => paths.has(name));
  const isValue = isNamed('feedback', 'expectation');
  const told = isValue ? valueOf(given) : undefined;
  if (isValue && (told?.kind === undefined || !paths.has(told.kind))) {
    throw invalid(`The mask names ${[...paths].join(', ')}, which the assessment does not have`, {
      field: 'update_mask',
    });
  }
  return {
    ...(told && { value: told }),
    ...(isNamed('assessment_name', 'assessmentName') && { name: given.assessment_name ?? '' }),
    ...(isNamed('rationale') && { rationale: given.rationale ?? '' }),
    ...(isNamed('metadata') && { metadata: given.metadata ?? {} }),
    ...(isNamed('valid') && { isValid: given.valid ?? true }),
  };
}

interface ToldValue {
  readonly kind: AssessmentKind;
  readonly value: unknown;
  readonly error?: AssessmentError | undefined;
}

function valueOf({ feedback, expectation, issue, error }: AssessmentMessage): ToldValue | undefined {
  if (feedback) return { kind: 'feedback', value: feedback.value ?? null, error: toError(feedback.error ?? error) };
  if (expectation) {
    const { value = null, serialized_value: serialized } = expectation;
    return { kind: 'expectation', value: serialized ? unserialized(serialized) : value };
  }
  return issue && { kind: 'issue', value: issue.issue_name ?? '' };
}

function unserialized({ serialization_format = '', value = '' }: { serialization_format?: string; value?: string }) {
  const field = 'expectation.serialized_value';
  if (serialization_format !== 'JSON_FORMAT') {
    throw invalid(`Unknown serialization format: ${serialization_format}. Only JSON_FORMAT is supported.`, { field });
  }
  // Whatever is parsed here is written again: what is too deep for that is refused with what is no JSON.
  try {
    const parsed: unknown = JSON.parse(value);
    JSON.stringify(parsed);
    return parsed;
  } catch (cause) {
    throw invalid('The serialized value is no JSON', { field, cause });
  }
}

function toError(given: ValueOf<typeof errorMessage> | undefined): AssessmentError | undefined {
  return (
    given && {
      code: given.error_code ?? null,
      message: given.error_message ?? null,
      stackTrace: given.stack_trace ?? null,
    }
  );
}

function pairsOf(texts: Readonly<Record<string, string>> | undefined): KeyValue[] {
  return Object.entries(texts ?? {}).map(([key, value]) => ({ key, value }));
}
