// What the address of an experiment asks for. Pure.
import type { runsSearch } from '../../app/search.ts';
import { concrete, keyOf } from './columns.ts';

export type RunsSearch = ReturnType<typeof runsSearch>;

/** A search of runs as the server takes it. */
export interface Asked {
  readonly experimentIds: string[];
  readonly view: 'active' | 'deleted';
  readonly filter?: string;
}

export interface Order {
  readonly orderBy: string[];
  /** Of each metric in `orderBy`, by its key: the value that its column shows. */
  readonly orderMetricsBy: Record<string, 'last' | 'min' | 'max'>;
}

export interface Membership {
  readonly of: 'param' | 'tag';
  readonly key: string;
  readonly value: string | null;
}

export function askedOf(experiment: string, { view, filter }: RunsSearch): Asked {
  return { experimentIds: [experiment], view: view ?? 'active', ...(filter !== undefined && { filter }) };
}

export function orderOf({ sort = [], values }: Pick<RunsSearch, 'sort' | 'values'>): Order {
  const metrics = sort.map(columnOf).filter((column) => column?.startsWith('metrics.') === true);
  return {
    orderBy: [...sort],
    orderMetricsBy: Object.fromEntries(
      metrics.map((column = '') => [keyOf(column), concrete(values?.[column] ?? 'last', keyOf(column))]),
    ),
  };
}

export function groupingOf({ group = [] }: RunsSearch): Omit<Membership, 'value'>[] {
  return group.slice(0, 3).flatMap((column) => {
    const of = column.startsWith('params.') ? 'param' : column.startsWith('tags.') ? 'tag' : undefined;
    return of === undefined ? [] : [{ of, key: keyOf(column) }];
  });
}

/** Children stand under their parents unless somebody sorts or filters. */
export function isNestedIn({ nest, filter, sort }: RunsSearch): boolean {
  return nest ?? (filter === undefined && sort === undefined);
}

/** `metrics.a/b` of the order `` metrics.`a/b` DESC ``. */
export function columnOf(sort: string | undefined): string | undefined {
  const match = /^(\w+)\.(?:`((?:[^`]|``)+)`|(\S+)) (?:ASC|DESC)$/.exec(sort ?? '');
  if (!match) return undefined;
  return `${match[1] ?? ''}.${match[2]?.replaceAll('``', '`') ?? match[3] ?? ''}`;
}

/** How a field is sorted by. */
export interface SortPlace {
  readonly direction: 'ascending' | 'descending';
  /** From 1; absent where it is the only one. */
  readonly rank?: number;
}

export function sortPlaceOf(sort: readonly string[], field: string): SortPlace | undefined {
  const index = sort.findIndex((term) => isSortOf(term, field));
  if (index < 0) return undefined;
  const direction = sort[index]?.endsWith(' DESC') ? 'descending' : 'ascending';
  return { direction, ...(sort.length > 1 && { rank: index + 1 }) };
}

const isSortOf = (term: string, field: string): boolean => term === `${field} DESC` || term === `${field} ASC`;

/**
 * The sort after a field was chosen: down, up, then not at all. Alone, or among those before it where one adds to them;
 * a field that is there keeps its place.
 */
export function nextSort(sort: readonly string[], field: string, isAdding: boolean): readonly string[] | undefined {
  const place = sortPlaceOf(sort, field);
  const isAlone = sort.length === 1;
  const next =
    place === undefined || (!isAdding && !isAlone)
      ? `${field} DESC`
      : place.direction === 'descending'
        ? `${field} ASC`
        : undefined;
  const own = next === undefined ? [] : [next];
  const terms = !isAdding
    ? own
    : place === undefined
      ? [...sort, ...own]
      : sort.flatMap((term) => (isSortOf(term, field) ? own : [term]));
  return terms.length === 0 ? undefined : terms.slice(0, MOST_SORTS);
}

const MOST_SORTS = 5;

/** The columns with one of them moved to another's place. */
export function moved(columns: readonly string[], column: string, to: string): readonly string[] {
  const [from, target] = [columns.indexOf(column), columns.indexOf(to)];
  if (from < 0 || target < 0 || from === target) return columns;
  const rest = columns.filter((one) => one !== column);
  return [...rest.slice(0, target), column, ...rest.slice(target)];
}
