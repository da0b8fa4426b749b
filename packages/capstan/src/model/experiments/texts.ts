// Params and tags as they come: checked, cut to length, each key once.
import { invalid } from '#kernel/errors';
import type { KeyValue } from './model.ts';
import {
  LONGEST_MODEL_PARAM_VALUE,
  LONGEST_PARAM_VALUE,
  LONGEST_RUN_TAG_VALUE,
  checkKey,
  refuseLong,
  refuseUnstorable,
  truncate,
} from './naming.ts';

/** Params of a run, with their values cut to 6,000 characters. @throws DomainError INVALID_ARGUMENT also for a key given twice */
export function checkedParams(params: readonly KeyValue[]): KeyValue[] {
  return checkedPairs(params).map(({ key, value }) => ({ key, value: truncate(value, LONGEST_PARAM_VALUE) }));
}

/** Params of a logged model, with their values whole. @throws DomainError INVALID_ARGUMENT also for a key given twice */
export function checkedModelParams(params: readonly KeyValue[]): readonly KeyValue[] {
  for (const [index, { value }] of params.entries())
    refuseLong(`params[${index}].value`, value, LONGEST_MODEL_PARAM_VALUE);
  return checkedPairs(params);
}

function checkedPairs(params: readonly KeyValue[]): readonly KeyValue[] {
  const seen = new Set<string>();
  for (const [index, { key, value }] of params.entries()) {
    checkKey(`params[${index}].key`, key);
    refuseUnstorable(`params[${index}].value`, value);
    if (seen.has(key)) {
      throw invalid(`Duplicate parameter keys have been submitted: '${key}'. A batch holds each key once.`, {
        field: `params[${index}].key`,
      });
    }
    seen.add(key);
  }
  return params;
}

/** Tags with their values cut to 8,000 characters; of a key given twice the last counts. */
export function checkedTags(tags: readonly KeyValue[]): KeyValue[] {
  const byKey = new Map<string, string>();
  for (const [index, { key, value }] of tags.entries()) {
    checkKey(`tags[${index}].key`, key);
    refuseUnstorable(`tags[${index}].value`, value);
    byKey.set(key, truncate(value, LONGEST_RUN_TAG_VALUE));
  }
  return Array.from(byKey, ([key, value]) => ({ key, value }));
}
