// JSON in which whole numbers and decimal ones stay apart, as OpenTelemetry and Python keep them: JSON.parse alone would
// make 1 of 1.0. Not-a-number and the infinities are numbers, by the names that Python gives them. Pure.

export type AttributeValue =
  | null
  | string
  | boolean
  /** A whole number. */
  | bigint
  /** A decimal one. */
  | number
  | Uint8Array
  | readonly AttributeValue[]
  | ReadonlyMap<string, AttributeValue>;

/** JSON text with the separators that Python writes, which filters on the text of spans are written for. */
export function writeValue(value: AttributeValue): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return writeDecimal(value);
    default:
      if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
      if (value instanceof Map) return writeMap(value as ReadonlyMap<string, AttributeValue>);
      return `[${(value as readonly AttributeValue[]).map(writeValue).join(', ')}]`;
  }
}

function writeMap(map: ReadonlyMap<string, AttributeValue>): string {
  return `{${[...map].map(([key, item]) => `${JSON.stringify(key)}: ${writeValue(item)}`).join(', ')}}`;
}

/** Not-a-number and the infinities by the names Python gives them in JSON. */
function writeDecimal(value: number): string {
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

/** What stands for Python's NaN while JSON is parsed: no number that anybody writes is spelt so. */
const NAN_SPELLING = '1e7654321';
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/** The value that JSON text stands for, Python's NaN and Infinity included; undefined for what is no JSON. */
export function readValue(text: string): AttributeValue | undefined {
  const value = tryParse(text);
  return value === undefined && /NaN|Infinity/.test(text) ? tryParse(spelt(text)) : value;
}

function tryParse(text: string): AttributeValue | undefined {
  try {
    return JSON.parse(text, exactly) as AttributeValue;
  } catch {
    return undefined;
  }
}

function spelt(text: string): string {
  return text.replaceAll(STRING_OR_WORD, (found) => {
    if (found.startsWith('"')) return found;
    if (found === 'NaN') return NAN_SPELLING;
    return found.startsWith('-') ? '-1e999' : '1e999';
  });
}

function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'number') {
    const source = context?.source ?? '';
    if (source === NAN_SPELLING) return Number.NaN;
    return /^-?\d{1,19}$/.test(source) ? BigInt(source) : value;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)) {
    return new Map(Object.entries(value));
  }
  return value;
}

/** As people read it: a text without its quotes, anything else as JSON. */
export function plainText(json: string): string {
  const value = json.startsWith('"') ? readValue(json) : undefined;
  return typeof value === 'string' ? value : json;
}

/** Text that can be stored: PostgreSQL has no NUL, and half a character is none. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
