import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { pythonText } from './templating.ts';

/** Text of a value as Python's `repr` writes it: what DVC shows of lists. */
export function pythonRepr(value: ParamValue): string {
  if (Array.isArray(value)) return `[${(value as readonly ParamValue[]).map(pythonRepr).join(', ')}]`;
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<ParamKey, ParamValue>)];
    return `{${members.map(([key, member]) => `${pythonRepr(key)}: ${pythonRepr(member)}`).join(', ')}}`;
  }
  return typeof value === 'string' ? quoted(value) : pythonText(value as ParamKey);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replaceAll(/[\\\p{C}\p{Z}'"]/gu, (letter) => {
    if (letter === ' ') return letter;
    if (letter === "'" || letter === '"') return letter === quote ? `\\${letter}` : letter;
    return ESCAPES[letter] ?? escaped(letter.codePointAt(0) ?? 0);
  });
  return `${quote}${body}${quote}`;
}

function escaped(code: number): string {
  const [sign, digits] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
  return `\\${sign}${code.toString(16).padStart(digits as number, '0')}`;
}
