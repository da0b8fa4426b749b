import { invalid, messageOf } from '#kernel/errors';

const MAX_DEPTH = 64;

/**
 * Parses a JSON body. `__proto__` members are refused, nesting is bounded before parsing.
 * @throws DomainError INVALID_ARGUMENT
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  refuseDeepNesting(bytes);
  try {
    return JSON.parse(bytes.toString('utf8'), refuseProto) as unknown;
  } catch (cause) {
    throw invalid(`The body is not JSON: ${messageOf(cause)}`, { field: 'body', cause });
  }
}

function refuseProto(this: unknown, key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('a member is named __proto__');
  return value;
}

/** Counts brackets outside strings, so that a hostile body costs one pass and no stack. */
function refuseDeepNesting(bytes: Buffer): void {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (isInString) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) isInString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) throw invalid(`The body is nested deeper than ${MAX_DEPTH} levels`, { field: 'body' });
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}
