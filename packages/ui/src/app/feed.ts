import type { QueryClient } from '@tanstack/react-query';

const SETTLE_MS = 250;

/**
 * Listens to the facts of the server and marks what is shown as stale, at most four times a second: screens fetch again
 * what they show and nothing else. The browser reconnects by itself and resumes where it left off.
 */
export function followFeed(queries: QueryClient): () => void {
  const source = new EventSource('/api/v1/events/feed');
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onFact = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void queries.invalidateQueries();
    }, SETTLE_MS);
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
