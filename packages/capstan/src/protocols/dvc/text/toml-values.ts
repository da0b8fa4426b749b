import { parse, TomlDate, TomlError } from 'smol-toml';
import { invalid } from '#kernel/errors';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';

/**
 * Reads TOML with whole numbers and floats kept apart and no digit lost.
 * @throws DomainError INVALID_ARGUMENT naming `file:line:column`, or the date that no stage can depend on
 */
export function readToml(text: string, shownAs: string): ReadonlyMap<ParamKey, ParamValue> {
  try {
    return valueOf(parse(text, { integersAsBigInt: true }), shownAs, '') as ReadonlyMap<ParamKey, ParamValue>;
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const place = `${shownAs}:${cause.line}:${cause.column}`;
    throw invalid(`${place}: ${cause.message.split('\n')[0]}`, { field: place, cause });
  }
}

function valueOf(value: unknown, file: string, key: string): ParamValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value;
  if (value instanceof TomlDate) {
    throw invalid(`${file}: ${key} is a date, which pipelines cannot hold`, {
      field: file,
      hint: `Quote it: "${value.toISOString()}"`,
    });
  }
  const below = (name: string) => (key === '' ? name : `${key}.${name}`);
  if (Array.isArray(value)) return value.map((item: unknown, index) => valueOf(item, file, below(String(index))));
  return new Map(Object.entries(value as object).map(([name, member]) => [name, valueOf(member, file, below(name))]));
}
