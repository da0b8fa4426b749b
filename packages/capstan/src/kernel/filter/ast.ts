import type { Place } from './place.ts';

export type ComparisonOperator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'LIKE'
  | 'ILIKE'
  | 'RLIKE'
  | 'IN'
  | 'NOT IN'
  | 'BETWEEN'
  | 'IS NULL'
  | 'IS NOT NULL';

/** `entity` is lower case and absent where only a key was written. */
export interface KeyPath {
  readonly entity: string | undefined;
  readonly key: string;
  readonly place: Place;
}

/** Numbers stay text: what they may be is for the key they are compared with. A `word` is text without quotes. */
export type FilterValue = (
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'range'; readonly low: string; readonly high: string }
  | { readonly kind: 'none' }
) & { readonly place: Place };

/** One clause. `place` is that of the operator. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly path: KeyPath;
  readonly operator: ComparisonOperator;
  readonly value: FilterValue;
  readonly place: Place;
}

/** What a filter says. An `and` of nothing is met by everything; other groups have two parts or more. */
export type Filter =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter };

/** Every clause, from left to right. */
export function comparisonsOf(filter: Filter): Comparison[] {
  switch (filter.kind) {
    case 'comparison':
      return [filter];
    case 'not':
      return comparisonsOf(filter.part);
    case 'and':
    case 'or':
      return filter.parts.flatMap(comparisonsOf);
  }
}
