import { invalid } from '../errors.ts';
import type { KeyPath } from './ast.ts';
import { Cursor } from './cursor.ts';
import { readPath } from './parse-path.ts';
import { meantBy } from './place.ts';

export interface SortTerm {
  readonly path: KeyPath;
  readonly isAscending: boolean;
}

const MAX_TERMS = 10;

/**
 * Parses one `order_by` term each: `metrics.accuracy DESC`, `` params.`a b` ``. Ascending unless said otherwise.
 * @throws DomainError INVALID_ARGUMENT for anything behind the direction, or too many terms
 */
export function parseOrder(terms: readonly string[]): SortTerm[] {
  if (terms.length > MAX_TERMS) throw invalid(`order_by has more than ${MAX_TERMS} terms`, { field: 'order_by' });
  return terms.map(readTerm);
}

function readTerm(source: string): SortTerm {
  const cursor = new Cursor(source, 'order_by');
  const path = readPath(cursor);
  const isDescending = cursor.takeWord('desc') !== undefined;
  if (!isDescending) cursor.takeWord('asc');
  const rest = cursor.peek();
  if (rest) throw cursor.error('write KEY, KEY ASC or KEY DESC', meantBy(rest.text, ['DESC', 'ASC']));
  return { path, isAscending: !isDescending };
}
