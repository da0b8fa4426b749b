import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { byCodePoint, pythonFloat } from './python-text.ts';

/**
 * JSON text as Python's `json.dumps(value, sort_keys=True)` writes it: `", "` and `": "` between, non-ASCII escaped. DVC
 * takes the hashes of folders and of results over such text.
 */
export function pythonJson(value: ParamValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quotedJson(value);
  if (typeof value === 'number') return floatText(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (isList(value)) return `[${value.map(pythonJson).join(', ')}]`;
  const entries = [...value].toSorted(([a], [b]) => compareKeys(a, b));
  return `{${entries.map(([key, member]) => `${quotedJson(keyText(key))}: ${pythonJson(member)}`).join(', ')}}`;
}

function isList(value: ParamValue): value is readonly ParamValue[] {
  return Array.isArray(value);
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return pythonFloat(value);
}

function keyText(key: ParamKey): string {
  return typeof key === 'string' ? key : pythonJson(key);
}

/** Python sorts the keys before it makes text of them; numbers among themselves go by value. */
function compareKeys(a: ParamKey, b: ParamKey): number {
  const isNumber = (key: ParamKey) => typeof key === 'bigint' || typeof key === 'number' || typeof key === 'boolean';
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  return byCodePoint(keyText(a), keyText(b));
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

/** Text as `json.dumps` writes it. */
export function quotedJson(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  let escaped = '';
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    const letter = text[index] ?? '';
    escaped +=
      SHORT_ESCAPES[letter] ?? (unit >= 0x20 && unit < 0x7f ? letter : `\\u${unit.toString(16).padStart(4, '0')}`);
  }
  return `"${escaped}"`;
}
