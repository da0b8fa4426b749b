// The words MLflow uses where its clients read them, and what ids and tags may be.
import { DomainError, conflict, invalid } from '#kernel/errors';
import type { Experiment, KeyValue } from '#model/experiments';
import { SPANS_LOCATION_TAG } from './model.ts';
import { storable } from '#kernel/exact-json';

const LONGEST_ID = 128;
const LONGEST_KEY = 250;
const LONGEST_TAG_VALUE = 8_000;
const LONGEST_METADATA_VALUE = 16_000;

/** Tags that say where spans are; only the server knows. */
const ownTags = new Set([SPANS_LOCATION_TAG, 'mlflow.trace.archiveLocation', 'mlflow.trace.archivalFailure']);

export function noTrace(id: string): DomainError {
  return new DomainError('NOT_FOUND', `Trace with ID '${id.slice(0, LONGEST_ID)}' not found.`, { field: 'trace_id' });
}

export function noAssessment(traceId: string, id: string): DomainError {
  return new DomainError('NOT_FOUND', `Assessment with ID '${id}' not found for trace '${traceId}'`, {
    field: 'assessment_id',
  });
}

/** @throws DomainError CONFLICT */
export function refuseDeletedExperiment({ id, lifecycle }: Experiment): void {
  if (lifecycle === 'active') return;
  throw conflict(`The experiment ${id} must be in the 'active' state. Current state is ${lifecycle}.`, {
    field: 'experiment_id',
    hint: 'Restore the experiment first.',
  });
}

/** @throws DomainError INVALID_ARGUMENT */
export function isTraceId(id: string): boolean {
  return /^[\w.:-]{1,128}$/.test(id);
}

export function checkTraceId(id: string): void {
  if (isTraceId(id)) return;
  throw invalid(`Invalid trace ID '${id.slice(0, LONGEST_ID)}': it has up to ${LONGEST_ID} letters and digits`, {
    field: 'trace_id',
  });
}

/** Whether only the server sets the tag. */
export function isOwnTag(key: string): boolean {
  return ownTags.has(key);
}

/** @throws DomainError INVALID_ARGUMENT */
export function refuseOwnTag(key: string, verb: 'set' | 'deleted'): void {
  if (!isOwnTag(key)) return;
  throw invalid(`Tag '${key}' is immutable and cannot be ${verb} on a trace.`, { field: 'key' });
}

/** A tag as it is kept: long values are cut. @throws DomainError INVALID_ARGUMENT for the key */
export function checkedTag({ key, value }: KeyValue): KeyValue {
  if (key === '') throw invalid("Missing value for required parameter 'key'.", { field: 'key' });
  if (key.length > LONGEST_KEY) {
    throw invalid(`'key' exceeds the maximum length of ${LONGEST_KEY} characters`, { field: 'key' });
  }
  if (/\p{Cc}/u.test(key) || !key.isWellFormed())
    throw invalid("'key' holds a control character or half a character", { field: 'key' });
  return { key, value: storable(value.slice(0, LONGEST_TAG_VALUE)) };
}

/** Metadata as it is kept: keys and values are cut to length. */
export function checkedMetadata({ key, value }: KeyValue): KeyValue {
  return { key: storable(key.slice(0, LONGEST_KEY)), value: storable(value.slice(0, LONGEST_METADATA_VALUE)) };
}
