import type { ParamValue } from '#kernel/pipeline-definition';
import type { Values } from './value-files.ts';

/** The value without the named keys of its maps, at every depth: DVC takes hashes over values that lack some facts. */
export function withoutKeys(value: ParamValue, dropped: ReadonlySet<string>): ParamValue {
  if (Array.isArray(value)) return (value as readonly ParamValue[]).map((item) => withoutKeys(item, dropped));
  if (!(value instanceof Map)) return value;
  const kept = [...(value as Values)].filter(([key]) => !dropped.has(String(key)));
  return new Map(kept.map(([key, member]) => [key, withoutKeys(member, dropped)]));
}
