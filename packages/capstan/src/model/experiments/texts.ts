// Params and tags as they come: checked, cut to length, each key once.
import { invalid } from '#kernel/errors';
import type { KeyValue } from './model.ts';
import { LONGEST_PARAM_VALUE, LONGEST_RUN_TAG_VALUE, checkKey, refuseUnstorable, truncate } from './naming.ts';

/** Params with their values cut to 6,000 characters. @throws DomainError INVALID_ARGUMENT also for a key given twice */
export function checkedParams(params: readonly KeyValue[]): KeyValue[] {
  const seen = new Set<string>();
  return params.map(({ key, value }, index) => {
    checkKey(`params[${index}].key`, key);
    refuseUnstorable(`params[${index}].value`, value);
    if (seen.has(key)) {
      throw invalid(`Duplicate parameter keys have been submitted: '${key}'. A batch holds each key once.`, {
        field: `params[${index}].key`,
      });
    }
    seen.add(key);
    return { key, value: truncate(value, LONGEST_PARAM_VALUE) };
  });
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
