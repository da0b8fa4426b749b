// The words MLflow uses where its clients read them, and what names and tags may be.
import { conflict, DomainError, invalid } from '#kernel/errors';
import type { Experiment, KeyValue } from '#model/experiments';

const LONGEST_DATASET_NAME = 255;
const LONGEST_SCORER_NAME = 256;
const LONGEST_TAG_KEY = 255;
const LONGEST_TAG_VALUE = 5_000;
const SHOWN = 100;

export function noDataset(id: string): DomainError {
  return new DomainError('NOT_FOUND', `Evaluation dataset with id '${id.slice(0, SHOWN)}' not found`, {
    field: 'dataset_id',
  });
}

export function noScorer(experimentId: string, name: string, version?: number): DomainError {
  const which =
    version === undefined ? `'${name.slice(0, SHOWN)}'` : `'${name.slice(0, SHOWN)}' and version ${version}`;
  return new DomainError('NOT_FOUND', `Scorer with name ${which} not found for experiment ${experimentId}.`, {
    field: 'name',
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
export function checkDatasetName(name: string): void {
  checkLine('name', name, LONGEST_DATASET_NAME);
}

/** @throws DomainError INVALID_ARGUMENT */
export function checkScorerName(name: string): void {
  if (name.trim() === '') {
    throw invalid('Scorer name cannot be empty or contain only whitespace.', { field: 'name' });
  }
  checkLine('name', name, LONGEST_SCORER_NAME);
}

/** @throws DomainError INVALID_ARGUMENT */
export function checkDatasetTag({ key, value }: KeyValue): void {
  if (key === '') throw invalid('A tag needs a name', { field: 'tags' });
  checkLine('tags', key, LONGEST_TAG_KEY);
  refuseLong('tags', value, LONGEST_TAG_VALUE);
  refuseUnstorable('tags', value);
}

/** PostgreSQL stores no NUL in text, and a lone half of a surrogate pair is no text at all. */
export function refuseUnstorable(field: string, text: string): void {
  if (!text.includes('\0') && text.isWellFormed()) return;
  throw invalid(`'${field}' holds a NUL character or half a character`, { field });
}

function checkLine(field: string, text: string, longest: number): void {
  refuseLong(field, text, longest);
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) {
    throw invalid(`'${field}' holds a control character or half a character`, { field });
  }
}

function refuseLong(field: string, text: string, longest: number): void {
  if (text.length <= longest) return;
  throw invalid(`'${field}' exceeds the maximum length of ${longest} characters (it has ${text.length})`, { field });
}
