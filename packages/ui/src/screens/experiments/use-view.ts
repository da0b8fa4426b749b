import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { MetricValue } from './columns.ts';
import { askedOf, groupingOf, isNestedIn, orderOf, type RunsSearch } from './view.ts';

/** The view of an experiment, as its address says, and how to change it. */
export function useView(experiment: string) {
  const search: RunsSearch = useSearch({ from: '/experiments/$experiment' });
  const navigate = useNavigate({ from: '/experiments/$experiment' });
  return useMemo(
    () => ({
      search,
      asked: askedOf(experiment, search),
      order: orderOf(search),
      by: groupingOf(search),
      isNested: isNestedIn(search),
      valueOf: (column: string): MetricValue => search.values?.[column] ?? 'last',
      /** Members that are undefined leave the address. Small changes make no step back. */
      set(change: { [Name in keyof RunsSearch]?: RunsSearch[Name] | undefined }, isSmall = false): void {
        const next = Object.fromEntries(
          Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined),
        );
        void navigate({ search: next, replace: isSmall });
      },
    }),
    [experiment, search, navigate],
  );
}

export type View = ReturnType<typeof useView>;
