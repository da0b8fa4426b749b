import type { EvaluationDataset, EvaluationRecord, ScorerVersion } from '#model/evaluations';
import { writeValue } from '#model/traces';
import { optional } from '../wire/json-reply.ts';

export function toDataset(dataset: EvaluationDataset): object {
  const { tags, recordCount } = dataset;
  return {
    dataset_id: dataset.id,
    name: dataset.name,
    tags: writeValue(new Map(tags.map(({ key, value }) => [key, value]))),
    ...optional('schema', dataset.schema),
    ...(recordCount > 0 && { profile: `{"num_records": ${recordCount}}` }),
    digest: dataset.digest,
    created_time: dataset.createdAt,
    last_update_time: dataset.updatedAt,
    ...optional('created_by', dataset.createdBy),
    ...optional('last_updated_by', dataset.updatedBy),
  };
}

/** JSON text of a list: the values of records are JSON texts themselves, which nothing here may round. */
export function recordsText(datasetId: string, records: readonly EvaluationRecord[]): string {
  return `[${records.map((record) => recordText(datasetId, record)).join(', ')}]`;
}

function recordText(datasetId: string, record: EvaluationRecord): string {
  const members = Object.entries({
    dataset_record_id: JSON.stringify(record.id),
    dataset_id: JSON.stringify(datasetId),
    inputs: record.inputs,
    outputs: record.outputs,
    expectations: record.expectations,
    tags: record.tags,
    source: record.source?.json ?? null,
    source_id: record.source && textOf(record.source.id),
    source_type: record.source && textOf(record.source.type),
    created_time: String(record.createdAt),
    last_update_time: String(record.updatedAt),
    created_by: textOf(record.createdBy),
    last_updated_by: textOf(record.updatedBy),
  });
  return `{${members.flatMap(([key, text]) => (text === null ? [] : `"${key}": ${text}`)).join(', ')}}`;
}

function textOf(text: string | null): string | null {
  return text === null ? null : JSON.stringify(text);
}

export function toScorer(scorer: ScorerVersion): object {
  return {
    experiment_id: Number(scorer.experimentId),
    scorer_name: scorer.name,
    scorer_version: scorer.version,
    serialized_scorer: scorer.serialized,
    creation_time: scorer.createdAt,
    scorer_id: scorer.scorerId,
  };
}
