import type { Query, QueryClient } from '@tanstack/react-query';

const SETTLE_MS = 250;

/**
 * Listens to the facts of the server and marks what is shown as stale: screens fetch again what they show and nothing
 * else, at most four times a second and never while the reads of the time before are under way. The browser reconnects
 * by itself and resumes where it left off.
 */
export function followFeed(queries: QueryClient): () => void {
  const source = new EventSource('/api/v1/events/feed');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isReading = false;
  let isStale = false;
  const readAgain = async (): Promise<void> => {
    timer = undefined;
    isStale = false;
    isReading = true;
    try {
      await queries.invalidateQueries({ predicate: isFresh });
    } finally {
      isReading = false;
      if (isStale) onFact();
    }
  };
  const onFact = (): void => {
    isStale = true;
    if (!isReading) timer ??= setTimeout(() => void readAgain(), SETTLE_MS);
  };
  source.addEventListener('fact', onFact);
  // A feed that breaks off, or comes back, means that what is shown may be wrong.
  source.addEventListener('error', onFact);
  source.addEventListener('open', onFact);
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/** A read that costs much says no to this; a list read page by page does while it has many pages. */
function isFresh({ meta, state }: Query): boolean {
  if (meta?.['isLive'] === false) return false;
  const most = meta?.['mostLivePages'];
  const { pages } = (state.data ?? {}) as { pages?: readonly unknown[] };
  return typeof most !== 'number' || pages === undefined || pages.length <= most;
}
