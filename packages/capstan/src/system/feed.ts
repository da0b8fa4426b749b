import type { Database } from '#database';
import type { Events } from '#events';
import type { ServerSentEvent } from '#http';
import { nextCommit } from '#ports/next-commit';

const PAGE = 500;
/** Other replicas write too: without a commit of our own, look again after this long. */
const POLL_MS = 1_000;

/** Facts after `after`, then each new one as it is committed, until `signal` aborts. */
export async function* follow(
  deps: { database: Database; events: Events },
  after: number,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  let last = after;
  while (!signal.aborted) {
    const changed = nextCommit(deps.database, POLL_MS, signal);
    const page = await deps.events.list({ after: last, limit: PAGE });
    for (const record of page) {
      yield { id: String(record.seq), event: 'fact', data: record };
      last = record.seq;
    }
    if (page.length < PAGE) await changed;
  }
}
