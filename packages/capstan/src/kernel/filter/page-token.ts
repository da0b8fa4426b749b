import { sha256 } from '../digest.ts';
import { invalid } from '../errors.ts';

export type TokenValue = string | number | null;

/**
 * Where a page ended, as opaque text: the sort keys of its last row and the question they belong to, so that a token is
 * not taken for another question.
 */
export function writePageToken(question: string, keys: readonly TokenValue[]): string {
  return Buffer.from(JSON.stringify([markOf(question), ...keys])).toString('base64url');
}

/** @throws DomainError INVALID_ARGUMENT when the token is none of this question's */
export function readPageToken(token: string, question: string, length: number): TokenValue[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch (cause) {
    throw invalid('Invalid page token, could not base64-decode', { field: 'page_token', cause });
  }
  if (
    !Array.isArray(parsed) ||
    parsed.length !== length + 1 ||
    parsed[0] !== markOf(question) ||
    !parsed.slice(1).every(isTokenValue)
  ) {
    throw invalid('Invalid page token: it belongs to another search', {
      field: 'page_token',
      hint: 'Send it with the filter and order of the page it came with.',
    });
  }
  return parsed.slice(1) as TokenValue[];
}

/** Short, since tokens travel in addresses. */
function markOf(question: string): string {
  return sha256(question).slice(0, 12);
}

function isTokenValue(value: unknown): value is TokenValue {
  return value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}
