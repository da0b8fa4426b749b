import { createClient } from '@capstan/client';
import { QueryClient, keepPreviousData } from '@tanstack/react-query';

/** The page's own server. */
export const api = createClient({ baseUrl: '' });

/** Reads are instant from the cache, then fresh; facts from the feed mark them stale. */
export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: 1, placeholderData: keepPreviousData } },
});
