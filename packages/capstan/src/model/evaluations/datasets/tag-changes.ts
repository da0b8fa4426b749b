// Tags of evaluation datasets as clients give them: JSON text of an object. Pure.
import { writeValue, type AttributeValue } from '#model/traces';
import { objectIn, parseJsonText } from '../json-text.ts';

/** A tag's new value; null removes it. */
export interface TagChange {
  readonly key: string;
  readonly value: string | null;
}

/** @throws DomainError INVALID_ARGUMENT */
export function readTagChanges(text: string): TagChange[] {
  const tags = objectIn('tags', parseJsonText('tags', text));
  return [...tags].map(([key, value]) => ({ key, value: value === null ? null : tagText(value) }));
}

/** As Python turns values into text, which is how MLflow keeps them. */
function tagText(value: AttributeValue): string {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : writeValue(value);
}
