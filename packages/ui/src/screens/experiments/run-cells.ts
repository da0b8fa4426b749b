import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import type { RunSummary } from '../../app/replies.ts';
import { keyOf, kindOf } from './columns.ts';

const ROWS = 40;
const COLUMNS = 10;

/** What cells show, by run id: only the runs and columns asked about are read, and they are kept fresh. */
export function useRunCells(
  experiment: string,
  runs: readonly string[],
  columns: readonly string[],
): ReadonlyMap<string, RunSummary> {
  const questions = chunks(runs, ROWS).flatMap((ids) =>
    chunks(columns, COLUMNS).map((some) => ({ ids, columns: some })),
  );
  return useQueries({
    queries: questions.map((question) => ({
      queryKey: ['run cells', question.ids, question.columns],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const keys = (kind: string): string[] =>
          question.columns.filter((column) => kindOf(column) === kind).map(keyOf);
        const body = {
          experimentIds: [experiment],
          view: 'all' as const,
          filter: `attributes.run_id IN (${question.ids.map((id) => `'${id}'`).join(', ')})`,
          metrics: keys('metrics'),
          params: keys('params'),
          tags: keys('tags'),
          limit: ROWS,
        };
        return (await api.experiments.searchRuns({ body }, signal)).items;
      },
      placeholderData: keepPreviousData,
    })),
    combine,
  });
}

function combine(results: readonly { readonly data: RunSummary[] | undefined }[]): ReadonlyMap<string, RunSummary> {
  const cells = new Map<string, RunSummary>();
  for (const run of results.flatMap(({ data }) => data ?? [])) {
    const known = cells.get(run.id);
    cells.set(
      run.id,
      known
        ? {
            ...run,
            metrics: { ...known.metrics, ...run.metrics },
            params: { ...known.params, ...run.params },
            tags: { ...known.tags, ...run.tags },
          }
        : run,
    );
  }
  return cells;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
