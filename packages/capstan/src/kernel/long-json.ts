// JSON in which whole numbers that a double cannot hold stay whole. Pure.
import { invalid, messageOf } from './errors.ts';

/** A whole number that a double may not hold, as it can stand in JSON. */
const LONG_INTEGER = /[[:,\s]-?\d{16,}\s*[\],}]/;

/** Parses the JSON of a request; integers past ±(2^53 - 1) are bigints. @throws DomainError INVALID_ARGUMENT */
export function parseLongJson(text: string): unknown {
  try {
    return LONG_INTEGER.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
  } catch (cause) {
    const isNotANumber = /[[,:\s-](?:NaN|Infinity)\s*[,\]}]/.test(text);
    throw invalid(`Failed to parse input from JSON: ${messageOf(cause).slice(0, 200)}`, {
      field: 'body',
      ...(isNotANumber && { hint: 'JSON has no NaN and no Infinity: send null for a missing value.' }),
      cause,
    });
  }
}

function exactInteger(_key: string, value: unknown, { source }: { readonly source?: string } = {}): unknown {
  const isLost = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLost && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
