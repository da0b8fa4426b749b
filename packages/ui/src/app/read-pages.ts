import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | undefined;
}

/**
 * A list that is read page by page, on when somebody comes near its end. What was shown stays while another question is
 * asked; a question that is wrong is not asked again.
 * @param isLive false: its key changes with it, so facts that come in do not make it be read again
 * @param read the page behind a cursor; the first one where it is undefined
 */
export function useReadPages<Item>(
  key: readonly unknown[],
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<Item>>,
  { isLive = true }: { readonly isLive?: boolean } = {},
) {
  const { data, error, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(pageParam === '' ? undefined : pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    retry: false,
    ...(!isLive && { meta: { isLive } }),
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return { rows, error, isReady: data !== undefined, onNearEnd };
}
