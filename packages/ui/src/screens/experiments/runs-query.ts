import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { api, queries } from '../../app/api.ts';
import { askedOf, groupingOf, isNestedIn, orderOf, type Asked, type Order, type RunsSearch } from './view.ts';

const PAGE_ROWS = 200;
/** What is seen before anybody scrolls, and little to wait for. */
const FIRST_PAGE_ROWS = 50;
/** Past so many pages only what is in sight is kept fresh: reading all again would hold up everything else. */
const LIVE_PAGES = 4;
export const PARENT_TAG = 'mlflow.parentRunId';

/** Runs of a search, page by page. */
export function runPages(asked: Asked, order: Order, isNested: boolean) {
  return infiniteQueryOptions({
    queryKey: ['runs', asked, order, isNested],
    queryFn: ({ pageParam, signal }) =>
      api.experiments.searchRuns(
        {
          body: {
            ...asked,
            ...order,
            within: isNested ? [{ of: 'tag', key: PARENT_TAG, value: null }] : [],
            withChildren: isNested,
            limit: pageParam === '' ? FIRST_PAGE_ROWS : PAGE_ROWS,
            ...(pageParam !== '' && { cursor: pageParam }),
          },
        },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    retry: false,
    placeholderData: keepPreviousData,
    meta: { isLive: true, mostLivePages: LIVE_PAGES },
  });
}

/** Asks for the first rows while the screen itself is still on its way. */
export function preloadRuns(experiment: string, search: RunsSearch): void {
  if (search.tab !== undefined || groupingOf(search).length > 0) return;
  void queries.prefetchInfiniteQuery(runPages(askedOf(experiment, search), orderOf(search), isNestedIn(search)));
}
