import { invalid } from '../errors.ts';
import { Cursor, readPath, type KeyPath } from './parse-filter.ts';

export interface SortTerm {
  readonly path: KeyPath;
  readonly isAscending: boolean;
}

const MAX_TERMS = 10;

/**
 * Parses one `order_by` term each: `metrics.accuracy DESC`, `` params.`a b` ``. Ascending unless said otherwise.
 * @throws DomainError INVALID_ARGUMENT for anything behind the direction, a repeated key or too many terms
 */
export function parseOrder(terms: readonly string[]): SortTerm[] {
  if (terms.length > MAX_TERMS) throw invalid(`order_by has more than ${MAX_TERMS} terms`, { field: 'order_by' });
  const parsed = terms.map(readTerm);
  const seen = new Set<string>();
  for (const { path } of parsed) {
    const name = `${path.entity ?? ''}.${path.key}`;
    if (seen.has(name)) throw invalid(`\`order_by\` contains duplicate fields: '${path.key}'`, { field: 'order_by' });
    seen.add(name);
  }
  return parsed;
}

function readTerm(source: string): SortTerm {
  const cursor = new Cursor(source);
  const path = readPath(cursor);
  const isDescending = cursor.takeWord('desc');
  if (!isDescending) cursor.takeWord('asc');
  if (!cursor.isAtEnd())
    throw invalid(`Invalid order_by clause '${source}'`, {
      field: 'order_by',
      hint: 'Write KEY, KEY ASC or KEY DESC.',
    });
  return { path, isAscending: !isDescending };
}
