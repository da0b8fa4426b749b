// What names and values may be. Limits are MLflow's, so that what it takes is taken and no more.
import { invalid, type DomainError } from '#kernel/errors';
import type { KeyValue } from './model.ts';
import { noRun } from './refusals.ts';
import { checkRetentionTag } from './trash/retention.ts';

const LONGEST_EXPERIMENT_NAME = 500;
const LONGEST_KEY = 250;
const LONGEST_MODEL_NAME = 500;
export const LONGEST_PARAM_VALUE = 6_000;
export const LONGEST_RUN_TAG_VALUE = 8_000;
export const LONGEST_MODEL_PARAM_VALUE = 100_000;
const LONGEST_EXPERIMENT_TAG_VALUE = 20_000;
const LONGEST_MODEL_TAG_VALUE = 20_000;

const idPattern = /^[a-zA-Z0-9][\w-]{0,255}$/;
/** Letters and digits of any script, as Python's \w. */
const keyPattern = /^[/\p{L}\p{M}\p{N}_.\- :]+$/u;
const controlPattern = /\p{Cc}/u;

/** The number behind an experiment id; undefined for one that cannot exist. @throws DomainError for what is no integer */
export function experimentNumber(id: string): number | undefined {
  if (!/^-?\d{1,64}$/.test(id)) {
    throw invalid(`Invalid experiment ID '${id.slice(0, 100)}'. Experiment ID must be a valid integer.`, {
      field: 'experiment_id',
    });
  }
  return /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : undefined;
}

/** What cannot be an id is one that no run has. @throws DomainError NOT_FOUND */
export function checkRunId(id: string): void {
  if (!idPattern.test(id)) throw noRun(id);
}

export function checkExperimentName(name: string): void {
  if (name.trim() === '') throw missing('name', 'An experiment needs a name');
  refuseLong('name', name, LONGEST_EXPERIMENT_NAME);
  refuseControl('name', name);
}

/** Names of metrics, params and tags are paths of letters, so that they can be shown as a tree. */
export function checkKey(field: string, key: string): void {
  if (key === '') throw missing(field, 'A name is needed');
  refuseLong(field, key, LONGEST_KEY);
  if (!keyPattern.test(key)) {
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${field}' supplied: Names may only contain alphanumerics, ` +
        'underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).',
      { field },
    );
  }
  const segments = key.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${field}' supplied: Names may be treated as files in certain ` +
        'cases, and must not resolve to other names when treated as such.',
      { field, hint: 'Leave out empty parts, "." and ".." between slashes.' },
    );
  }
}

export function checkExperimentTag(tag: KeyValue): void {
  checkKey('key', tag.key);
  refuseLong('value', tag.value, LONGEST_EXPERIMENT_TAG_VALUE);
  checkRetentionTag(tag);
}

export function checkModelTag(tag: KeyValue): void {
  checkKey('key', tag.key);
  refuseLong('value', tag.value, LONGEST_MODEL_TAG_VALUE);
}

export function checkLoggedModelName(name: string): void {
  refuseLong('name', name, LONGEST_MODEL_NAME);
  refuseControl('name', name);
  if (/[/:.%"']/.test(name)) {
    throw invalid(
      `Invalid model name (${JSON.stringify(name)}) provided. Model name must be a non-empty string and cannot contain ` +
        "the following characters: ('/', ':', '.', '%', '\"', \"'\")",
      { field: 'name' },
    );
  }
}

export function refuseLong(field: string, text: string, longest: number): void {
  if (text.length <= longest) return;
  throw invalid(`'${field}' exceeds the maximum length of ${longest} characters (it has ${text.length})`, { field });
}

/** Control characters in a name hide what it is; NUL has no place in PostgreSQL at all. */
export function refuseControl(field: string, text: string): void {
  if (controlPattern.test(text)) throw invalid(`'${field}' holds a control character`, { field });
}

/** PostgreSQL stores no NUL in text, and a lone half of a surrogate pair is no text at all. */
export function refuseUnstorable(field: string, text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw invalid(`'${field}' holds a NUL character or half a character`, { field });
  }
}

/** At most `longest` UTF-16 units, without cutting a character in two. */
export function truncate(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

function missing(field: string, reason: string): DomainError {
  return invalid(`Missing value for required parameter '${field}'. ${reason}.`, { field });
}
