import { readValue, writeValue, type AttributeValue } from '#kernel/exact-json';
import { DomainError } from '#kernel/errors';
import type { SourceEvaluationDataset, SourceRecord, SourceScorer } from '#ports/tracking-source';
import { list, number, text, textOrNull, type Json, type RestClient } from './rest-client.ts';

const API = '/api/3.0/mlflow';
const DATASETS_PAGE = 500;
const RECORDS_PAGE = 1_000;

export async function* datasetsOf(rest: RestClient): AsyncIterable<SourceEvaluationDataset> {
  for (let token: string | undefined; ;) {
    const page = await rest.post(`${API}/datasets/search`, {
      max_results: DATASETS_PAGE,
      order_by: ['created_time ASC'],
      ...(token !== undefined && { page_token: token }),
    });
    for (const item of list(page['datasets'])) yield await toDataset(rest, item);
    token = textOrNull(page['next_page_token']) ?? undefined;
    if (token === undefined) return;
  }
}

async function toDataset(rest: RestClient, item: Json): Promise<SourceEvaluationDataset> {
  const id = text(item['dataset_id']);
  const links = await rest.get(`${API}/datasets/${encodeURIComponent(id)}/experiment-ids`);
  const experimentIds = Array.isArray(links['experiment_ids']) ? links['experiment_ids'].map(text) : [];
  const createdAt = number(item['created_time']);
  const profile = readValue(text(item['profile']));
  const records = profile instanceof Map ? profile.get('num_records') : undefined;
  return {
    id,
    name: text(item['name']),
    digest: text(item['digest']),
    schema: textOrNull(item['schema']),
    recordCount: typeof records === 'bigint' ? Number(records) : 0,
    createdAt,
    updatedAt: number(item['last_update_time'] ?? createdAt),
    createdBy: textOrNull(item['created_by']),
    updatedBy: textOrNull(item['last_updated_by']),
    tags: Object.fromEntries(
      [...membersOf(readValue(text(item['tags'])))].map(([key, value]) => [
        key,
        typeof value === 'string' ? value : writeValue(value),
      ]),
    ),
    experimentIds: experimentIds.toSorted((a, b) => Number(a) - Number(b)),
  };
}

export async function* recordsOf(rest: RestClient, dataset: string): AsyncIterable<SourceRecord[]> {
  for (let token: string | undefined; ;) {
    const page = await rest.get(`${API}/datasets/${encodeURIComponent(dataset)}/records`, {
      max_results: String(RECORDS_PAGE),
      page_token: token,
    });
    const found = readValue(text(page['records']));
    const items = Array.isArray(found) ? (found as readonly AttributeValue[]).map(membersOf) : [];
    if (items.length > 0) yield items.map(toRecord);
    token = textOrNull(page['next_page_token']) ?? undefined;
    if (token === undefined) return;
  }
}

type Members = ReadonlyMap<string, AttributeValue>;

function membersOf(value: AttributeValue | undefined): Members {
  return value instanceof Map ? (value as Members) : new Map();
}

function toRecord(item: Members): SourceRecord {
  const json = (field: string): string | null => {
    const value = item.get(field);
    return value === undefined || value === null ? null : writeValue(value);
  };
  const plain = (field: string): string | null => {
    const value = item.get(field);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const time = (field: string): number => Number(item.get(field) ?? 0);
  return {
    id: plain('dataset_record_id') ?? '',
    inputs: json('inputs') ?? '{}',
    outputs: json('outputs'),
    expectations: json('expectations'),
    tags: json('tags') ?? '{}',
    source: json('source'),
    createdAt: time('created_time'),
    updatedAt: time('last_update_time'),
    createdBy: plain('created_by'),
    updatedBy: plain('last_updated_by'),
  };
}

export async function* scorersOf(rest: RestClient, experimentId: string): AsyncIterable<SourceScorer> {
  const listed = await rest.get(`${API}/scorers/list`, { experiment_id: experimentId });
  for (const item of list(listed['scorers'])) {
    const name = text(item['scorer_name']);
    const found = await rest.get(`${API}/scorers/versions`, { experiment_id: experimentId, name });
    const versions = list(found['scorers']).map((one) => ({
      version: number(one['scorer_version']),
      serialized: text(one['serialized_scorer']),
      createdAt: number(one['creation_time']),
    }));
    yield {
      id: text(item['scorer_id']),
      experimentId,
      name,
      versions: versions.toSorted((a, b) => a.version - b.version),
    };
  }
}

/** What the server has, or nothing where it is of an MLflow that had none of it; then that is noted. */
export async function* unlessOlder<Item>(found: AsyncIterable<Item>, note: () => void): AsyncIterable<Item> {
  try {
    yield* found;
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'NOT_FOUND')) throw error;
    note();
  }
}
