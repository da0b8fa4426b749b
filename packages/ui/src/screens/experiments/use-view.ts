import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { concrete, keyOf, type MetricValue } from './columns.ts';
import type { Asked, Membership, Order } from './run-lines.ts';

type Search = ReturnType<typeof useSearch<typeof import('../../app/router.tsx').router, '/experiments/$experiment'>>;

/** The view of an experiment, as its address says, and how to change it. */
export function useView(experiment: string) {
  const search = useSearch({ from: '/experiments/$experiment' });
  const navigate = useNavigate({ from: '/experiments/$experiment' });
  const { filter, sort, values, group, view = 'active' } = search;
  const asked = useMemo(
    (): Asked => ({ experimentIds: [experiment], view, ...(filter !== undefined && { filter }) }),
    [experiment, view, filter],
  );
  const order = useMemo((): Order => {
    const column = columnOf(sort);
    const orderMetricsBy = column?.startsWith('metrics.')
      ? concrete(values?.[column] ?? 'last', keyOf(column))
      : 'last';
    return { orderBy: sort === undefined ? [] : [sort], orderMetricsBy };
  }, [sort, values]);
  const by = useMemo(() => (group ?? []).slice(0, 3).flatMap(groupKey), [group]);
  return {
    search,
    asked,
    order,
    by,
    isNested: search.nest ?? (filter === undefined && sort === undefined),
    valueOf: (column: string): MetricValue => values?.[column] ?? 'last',
    /** Members that are undefined leave the address. Small changes make no step back. */
    set(change: { [Name in keyof Search]?: Search[Name] | undefined }, isSmall = false): void {
      const next = Object.fromEntries(
        Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined),
      );
      void navigate({ search: next, replace: isSmall });
    },
  };
}

export type View = ReturnType<typeof useView>;

/** `metrics.a/b` of the order `` metrics.`a/b` DESC ``. */
export function columnOf(sort: string | undefined): string | undefined {
  const match = /^(\w+)\.(?:`((?:[^`]|``)+)`|(\S+)) (?:ASC|DESC)$/.exec(sort ?? '');
  if (!match) return undefined;
  return `${match[1] ?? ''}.${match[2]?.replaceAll('``', '`') ?? match[3] ?? ''}`;
}

function groupKey(column: string): Omit<Membership, 'value'>[] {
  const of = column.startsWith('params.') ? 'param' : column.startsWith('tags.') ? 'tag' : undefined;
  return of === undefined ? [] : [{ of, key: keyOf(column) }];
}
