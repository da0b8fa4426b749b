import { useInfiniteQuery, useQueries, keepPreviousData } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { api } from '../../app/api.ts';
import type { RunGroupReply, RunSummary } from '../../app/replies.ts';
import { PARENT_TAG, runPages } from './runs-query.ts';
import type { Asked, Membership, Order } from './view.ts';

/** Rows under an open group or run; beyond, one goes there by a filter. */
const BRANCH_ROWS = 200;

/** A line of the table. */
export type Line =
  | {
      readonly kind: 'run';
      readonly id: string;
      readonly run: RunSummary;
      readonly depth: number;
      readonly children: number;
      readonly isOpen: boolean;
    }
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly group: RunGroupReply;
      readonly within: readonly Membership[];
      readonly isOpen: boolean;
    }
  | { readonly kind: 'note'; readonly id: string; readonly depth: number; readonly text: string };

interface Given {
  readonly asked: Asked;
  readonly order: Order;
  readonly isNested: boolean;
  /** Groups, where the runs are grouped. */
  readonly groups: { readonly items: readonly RunGroupReply[]; readonly hasMore: boolean } | undefined;
  readonly by: readonly Omit<Membership, 'value'>[];
  /** Ids of the lines that are unfolded. */
  readonly open: ReadonlySet<string>;
}

/** The lines of the table: runs page by page, or groups; under those unfolded, what is in them. */
export function useRunLines({ asked, order, isNested, groups, by, open }: Given) {
  const isGrouped = by.length > 0;
  const pages = useInfiniteQuery({ ...runPages(asked, order, isNested), enabled: !isGrouped });
  // A search that fails leaves the rows of the one before.
  const shown = useLast(pages.data);
  const runs = useMemo(() => shown?.pages.flatMap((page) => page.items) ?? [], [shown]);
  const branches = useBranches({ asked, order, isNested, open, by });
  const lines = useMemo(
    () => (isGrouped ? groupLines(groups, by, open, branches) : runLines(runs, open, branches)),
    [isGrouped, groups, by, open, branches, runs],
  );
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  const onNearEnd = useCallback(() => {
    if (!isGrouped && hasNextPage && !isFetching) void fetchNextPage();
  }, [isGrouped, hasNextPage, isFetching, fetchNextPage]);
  return {
    lines,
    onNearEnd,
    error: isGrouped ? null : pages.error,
    isThere: isGrouped ? groups !== undefined : shown !== undefined,
  };
}

/** The value, or the last there was while there is none. */
export function useLast<Value>(value: Value | undefined): Value | undefined {
  const [last, setLast] = useState(value);
  if (value !== undefined && value !== last) setLast(value);
  return value ?? last;
}

type Branches = ReadonlyMap<string, { readonly items: readonly RunSummary[]; readonly hasMore: boolean }>;

function useBranches({
  asked,
  order,
  isNested,
  open,
  by,
}: Pick<Given, 'asked' | 'order' | 'isNested' | 'open' | 'by'>): Branches {
  const ids = [...open];
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ['runs of', id, asked, order, isNested],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const within = id.startsWith('[')
          ? membershipsOf(id, by)
          : [{ of: 'tag' as const, key: PARENT_TAG, value: id }];
        // Under a run stand all its children, whatever the filter; in a group, only what the filter meets.
        const { filter: _, ...unfiltered } = asked;
        const search = id.startsWith('[') ? asked : unfiltered;
        const body = { ...search, ...order, within, withChildren: isNested, limit: BRANCH_ROWS };
        const page = await api.experiments.searchRuns({ body }, signal);
        return { id, items: page.items, hasMore: page.nextCursor !== undefined };
      },
      placeholderData: keepPreviousData,
    })),
    combine: combineBranches,
  });
}

function combineBranches(
  results: readonly { readonly data: { id: string; items: RunSummary[]; hasMore: boolean } | undefined }[],
): Branches {
  return new Map(results.flatMap(({ data }) => (data ? [[data.id, data] as const] : [])));
}

function membershipsOf(id: string, by: Given['by']): Membership[] {
  const values = JSON.parse(id) as (string | null)[];
  return by.map((key, index) => ({ ...key, value: values[index] ?? null }));
}

function groupLines(groups: Given['groups'], by: Given['by'], open: ReadonlySet<string>, branches: Branches): Line[] {
  const lines = (groups?.items ?? []).flatMap((group): Line[] => {
    const id = JSON.stringify(group.values);
    const isOpen = open.has(id);
    const line: Line = { kind: 'group', id, group, within: membershipsOf(id, by), isOpen };
    return isOpen ? [line, ...branchLines(id, 1, open, branches)] : [line];
  });
  if (groups?.hasMore)
    lines.push({ kind: 'note', id: 'more groups', depth: 0, text: 'There are more groups: filter to see them.' });
  return lines;
}

function runLines(runs: readonly RunSummary[], open: ReadonlySet<string>, branches: Branches, depth = 0): Line[] {
  return runs.flatMap((run): Line[] => {
    const children = run.children ?? 0;
    const isOpen = children > 0 && open.has(run.id);
    const line: Line = { kind: 'run', id: run.id, run, depth, children, isOpen };
    return isOpen ? [line, ...branchLines(run.id, depth + 1, open, branches)] : [line];
  });
}

function branchLines(id: string, depth: number, open: ReadonlySet<string>, branches: Branches): Line[] {
  const branch = branches.get(id);
  if (!branch) return [{ kind: 'note', id: `${id} loading`, depth, text: 'Loading…' }];
  // In a group, children stand beside their parents.
  const lines = runLines(branch.items, open, branches, depth).map((line): Line =>
    id.startsWith('[') && line.kind === 'run' ? { ...line, id: `${id} ${line.run.id}` } : line,
  );
  if (branch.hasMore)
    lines.push({ kind: 'note', id: `${id} more`, depth, text: `Only the first ${BRANCH_ROWS} are shown here.` });
  return lines;
}
