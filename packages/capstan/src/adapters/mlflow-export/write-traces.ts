// Rows of traces, scorers and evaluation datasets.
import { createHash } from 'node:crypto';
import { readValue, writeValue, type AttributeValue } from '#kernel/exact-json';
import type {
  SourceAssessment,
  SourceEvaluationDataset,
  SourceRecord,
  SourceScorer,
  SourceSpan,
  SourceTrace,
} from '#ports/tracking-source';
import { textOfSpan } from './span-text.ts';
import { newId, type Writer } from './writer.ts';

/** MLflow keeps outputs in an object of this one field. */
const WRAPPED = 'mlflow_wrapped';
const SPAN_TYPE = 'mlflow.spanType';

/** @param artifactUri where its files lie in the export */
export function writeTrace(into: Writer, trace: SourceTrace, artifactUri: string): void {
  const { id, experimentId, tags, metadata, assessments, runs, prompts } = trace;
  into.row('trace_info', {
    request_id: id,
    experiment_id: Number(experimentId),
    timestamp_ms: trace.startedAt,
    execution_time_ms: trace.durationMs,
    status: trace.status,
    client_request_id: trace.clientRequestId,
    request_preview: trace.requestPreview,
    response_preview: trace.responsePreview,
  });
  for (const [key, value] of Object.entries({ ...tags, 'mlflow.artifactLocation': artifactUri }))
    into.row('trace_tags', { key, value, request_id: id });
  for (const [key, value] of Object.entries(metadata))
    into.row('trace_request_metadata', { key, value, request_id: id });
  for (const assessment of assessments) writeAssessment(into, id, assessment);
  for (const run of runs) writeAssociation(into, ['trace', id], ['run', run], trace.startedAt);
  for (const prompt of prompts) writeAssociation(into, ['trace', id], ['prompt_version', prompt], trace.startedAt);
}

function writeAssessment(into: Writer, traceId: string, assessment: SourceAssessment): void {
  const { kind, value, error, metadata } = assessment;
  into.row('assessments', {
    assessment_id: assessment.id,
    trace_id: traceId,
    name: assessment.name,
    assessment_type: kind,
    value: JSON.stringify(kind === 'issue' ? { issue_name: value } : value),
    error: error && JSON.stringify(errorText(error)),
    created_timestamp: assessment.createdAt,
    last_updated_timestamp: assessment.updatedAt,
    source_type: assessment.sourceType,
    source_id: assessment.sourceId,
    span_id: assessment.spanId,
    rationale: assessment.rationale,
    overrides: assessment.overrides,
    valid: assessment.isValid ? 1 : 0,
    assessment_metadata: Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata),
  });
}

function errorText({ code, message, stackTrace }: NonNullable<SourceAssessment['error']>): object {
  return {
    ...(code !== null && { error_code: code }),
    ...(message !== null && { error_message: message }),
    ...(stackTrace !== null && { stack_trace: stackTrace }),
  };
}

function writeAssociation(
  into: Writer,
  [sourceType, source]: readonly [string, string],
  [targetType, target]: readonly [string, string],
  at: number,
): void {
  into.row('entity_associations', {
    association_id: newId(),
    source_type: sourceType,
    source_id: source,
    destination_type: targetType,
    destination_id: target,
    created_time: at,
  });
}

export function writeSpans(into: Writer, trace: SourceTrace, spans: readonly SourceSpan[]): void {
  for (const span of spans) {
    const type = readValue(span.attributes[SPAN_TYPE] ?? '');
    into.row('spans', {
      trace_id: trace.id,
      experiment_id: Number(trace.experimentId),
      span_id: span.spanId,
      parent_span_id: span.parentId,
      name: span.name,
      type: typeof type === 'string' ? type : null,
      status: span.status,
      start_time_unix_nano: BigInt(span.startNs),
      end_time_unix_nano: span.endNs === null ? null : BigInt(span.endNs),
      content: textOfSpan(trace.id, span),
    });
  }
}

export function writeDataset(into: Writer, dataset: SourceEvaluationDataset): void {
  const { id, recordCount } = dataset;
  into.row('evaluation_datasets', {
    dataset_id: id,
    name: dataset.name,
    schema: dataset.schema,
    profile: recordCount > 0 ? writeValue(new Map([['num_records', BigInt(recordCount)]])) : null,
    digest: dataset.digest,
    created_time: dataset.createdAt,
    last_update_time: dataset.updatedAt,
    created_by: dataset.createdBy,
    last_updated_by: dataset.updatedBy,
  });
  for (const [key, value] of Object.entries(dataset.tags))
    into.row('evaluation_dataset_tags', { dataset_id: id, key, value });
  for (const experiment of dataset.experimentIds)
    writeAssociation(into, ['evaluation_dataset', id], ['experiment', experiment], dataset.createdAt);
}

export function writeRecord(into: Writer, datasetId: string, record: SourceRecord): void {
  const source = readValue(record.source ?? '');
  const members: ReadonlyMap<string, AttributeValue> = source instanceof Map ? source : new Map();
  const data = members.get('source_data');
  const inside: ReadonlyMap<string, AttributeValue> = data instanceof Map ? data : new Map();
  const sourceType = members.get('source_type');
  const sourceId = inside.get(sourceType === 'TRACE' ? 'trace_id' : 'source_id');
  into.row('evaluation_dataset_records', {
    dataset_record_id: record.id,
    dataset_id: datasetId,
    inputs: record.inputs,
    outputs: record.outputs === null ? null : `{"${WRAPPED}": ${record.outputs}}`,
    expectations: record.expectations,
    tags: record.tags,
    source: record.source,
    source_id: typeof sourceId === 'string' ? sourceId : null,
    source_type: typeof sourceType === 'string' ? sourceType : null,
    created_time: record.createdAt,
    last_update_time: record.updatedAt,
    created_by: record.createdBy,
    last_updated_by: record.updatedBy,
    input_hash: inputHash(record.inputs),
  });
}

/** By which MLflow tells whether two records are one: of the JSON that Python writes, keys in order, ASCII alone. */
function inputHash(inputs: string): string {
  const text = writeValue(inOrder(readValue(inputs) ?? null));
  const ascii = text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return createHash('sha256').update(ascii).digest('hex');
}

function inOrder(value: AttributeValue): AttributeValue {
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, AttributeValue>)];
    return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, inOrder(item)]));
  }
  return Array.isArray(value) ? (value as readonly AttributeValue[]).map(inOrder) : value;
}

export function writeScorer(into: Writer, { id, experimentId, name, versions }: SourceScorer): void {
  into.row('scorers', { experiment_id: Number(experimentId), scorer_name: name, scorer_id: id });
  for (const { version, serialized, createdAt } of versions) {
    into.row('scorer_versions', {
      scorer_id: id,
      scorer_version: version,
      serialized_scorer: serialized,
      creation_time: createdAt,
    });
  }
}
