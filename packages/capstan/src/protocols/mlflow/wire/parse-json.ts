/** Whole numbers of so many digits may be more than a double holds. */
const LONG_NUMBER = /(?<![\d.])\d{16,}(?![\d.eE])/;
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/**
 * Reads a body as MLflow's server does: what is no JSON is an empty message, so that the error names the first missing
 * field, and a string may hold the JSON. Beyond it: whole numbers are exact (bigint beyond ±2^53), and the bare NaN and
 * Infinity that Python writes are those numbers' names.
 */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  const parsed =
    tryParse(text) ?? (text.includes('NaN') || text.includes('Infinity') ? tryParse(quoteNumbers(text)) : undefined);
  return typeof parsed === 'string' ? tryParse(parsed) : parsed;
}

function tryParse(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? (JSON.parse(text, exactly) as unknown) : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d{16,40}$/.test(source) ? BigInt(source) : value;
}

function quoteNumbers(text: string): string {
  return text.replaceAll(STRING_OR_WORD, (found) => (found.startsWith('"') ? found : `"${found}"`));
}
