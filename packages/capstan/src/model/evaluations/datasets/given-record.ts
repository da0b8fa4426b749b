// Records as clients give them: what they may hold, and which two are one. Pure.
import { sha256 } from '#kernel/digest';
import { invalid } from '#kernel/errors';
import { writeValue, type AttributeValue } from '#model/traces';
import { isObject, objectIn, parseJsonText, type JsonObject } from '../json-text.ts';
import { recordSources, USER_TAG, type EvaluationRecord, type RecordOrigin } from '../model.ts';
import { refuseUnstorable } from '../refusals.ts';

export interface GivenRecord {
  readonly inputHash: string;
  readonly inputs: JsonObject;
  /** Undefined: nothing is said of them. */
  readonly outputs: AttributeValue | undefined;
  readonly expectations: JsonObject | null;
  readonly tags: JsonObject | null;
  readonly source: RecordOrigin | null;
  /** Who the client says it is. */
  readonly user: string | null;
}

/** @throws DomainError INVALID_ARGUMENT naming the record */
export function readRecords(text: string): GivenRecord[] {
  const list = parseJsonText('records', text);
  if (!Array.isArray(list)) throw invalid("'records' must be a JSON list of records", { field: 'records' });
  return (list as readonly AttributeValue[]).map(readRecord);
}

function readRecord(value: AttributeValue, index: number): GivenRecord {
  const place = `records[${index}]`;
  const record = objectIn(place, value);
  const inputs = objectIn(`${place}.inputs`, record.get('inputs') ?? new Map());
  const tags = optionalObject(`${place}.tags`, record.get('tags'));
  const user = tags?.get(USER_TAG);
  return {
    inputHash: hashOf(inputs),
    inputs,
    outputs: record.get('outputs'),
    expectations: optionalObject(`${place}.expectations`, record.get('expectations')),
    tags,
    source: readSource(`${place}.source`, record.get('source')),
    user: typeof user === 'string' ? user : null,
  };
}

/** Two records of one hash are one. */
function hashOf(inputs: JsonObject): string {
  return sha256(writeValue(sorted(inputs)));
}

/** A record as another tracker has it, whose values are JSON texts. @throws DomainError INVALID_ARGUMENT */
export function keptRecord({
  source,
  ...record
}: Omit<EvaluationRecord, 'source'> & { readonly source: string | null }): {
  readonly inputHash: string;
  readonly record: EvaluationRecord;
} {
  const inputs = objectIn('inputs', parseJsonText('inputs', record.inputs));
  const tags = objectIn('tags', parseJsonText('tags', record.tags));
  const expectations =
    record.expectations === null ? null : objectIn('expectations', parseJsonText('expectations', record.expectations));
  const values = {
    inputs: writeValue(inputs),
    outputs: record.outputs === null ? null : writeValue(parseJsonText('outputs', record.outputs)),
    expectations: expectations && writeValue(expectations),
    tags: writeValue(tags),
  };
  for (const [field, value] of Object.entries(values)) if (value !== null) refuseUnstorable(field, value);
  return {
    inputHash: hashOf(inputs),
    record: { ...record, ...values, source: source === null ? null : originOf(source) },
  };
}

function optionalObject(place: string, value: AttributeValue | undefined): JsonObject | null {
  // A table with an empty cell has NaN there.
  if (value === undefined || value === null || Number.isNaN(value)) return null;
  return objectIn(place, value);
}

function readSource(place: string, value: AttributeValue | undefined): RecordOrigin | null {
  const source = optionalObject(place, value);
  if (!source || source.size === 0) return null;
  const word = source.get('source_type');
  const given = typeof word === 'string' ? word.toUpperCase() : writeValue(word ?? null);
  const type = recordSources.find((name) => name === given);
  if (!type) {
    throw invalid(
      `Invalid dataset record source type: ${given.slice(0, 50)}. Valid source types: ${recordSources.join(', ')}`,
      { field: `${place}.source_type` },
    );
  }
  const data = optionalObject(`${place}.source_data`, source.get('source_data')) ?? new Map<string, AttributeValue>();
  const id = data.get(type === 'TRACE' ? 'trace_id' : 'source_id');
  const whole = new Map<string, AttributeValue>([
    ['source_type', type],
    ['source_data', data],
  ]);
  return { type, id: typeof id === 'string' ? id : null, json: writeValue(whole) };
}

/** A source as it was kept. */
export function originOf(json: string): RecordOrigin | null {
  return readSource('source', parseJsonText('source', json));
}

/** What a new record is to begin with. Outputs that nothing is said of are an empty object, as in MLflow. */
export function newRecord(given: GivenRecord, id: string, at: number): EvaluationRecord {
  const { outputs = new Map(), expectations, tags, source, user } = given;
  return {
    id,
    inputs: writeValue(given.inputs),
    outputs: outputs === null ? null : writeValue(outputs),
    expectations: expectations && writeValue(expectations),
    tags: writeValue(tags ?? new Map()),
    source,
    createdAt: at,
    updatedAt: at,
    createdBy: user,
    updatedBy: user,
  };
}

/** Outputs are replaced, expectations and tags are joined, the new ones over the old; its source stays. */
export function mergedRecord(known: EvaluationRecord, given: GivenRecord, at: number): EvaluationRecord {
  const { outputs, expectations, tags, user } = given;
  return {
    ...known,
    ...(outputs !== undefined && { outputs: outputs === null ? null : writeValue(outputs) }),
    ...(expectations && expectations.size > 0 && { expectations: joined(known.expectations, expectations) }),
    ...(tags && tags.size > 0 && { tags: joined(known.tags, tags) }),
    updatedAt: at,
    updatedBy: user ?? known.updatedBy,
  };
}

function joined(known: string | null, more: JsonObject): string {
  const old = known === null ? new Map<string, AttributeValue>() : objectIn('records', parseJsonText('records', known));
  return writeValue(new Map([...old, ...more]));
}

/** The same for the same values, whatever the order of keys. */
function sorted(value: AttributeValue): AttributeValue {
  if (isObject(value)) {
    const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return new Map(entries.map(([key, item]) => [key, sorted(item)]));
  }
  return Array.isArray(value) ? (value as readonly AttributeValue[]).map(sorted) : value;
}
