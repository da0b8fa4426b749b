import type { Client } from '@capstan/client';
import { DomainError } from '#kernel/errors';

const WAIT_MS = 10_000;

/**
 * Resolves when no job is due or under way: everything that follows from what was said has been done.
 * Returns the time then.
 */
export async function settle(client: Client): Promise<number> {
  for (;;) {
    const { jobs, now } = await client.system.status({ query: { waitMs: WAIT_MS } });
    if (jobs.discarded > 0) {
      throw new DomainError('INTERNAL', `${jobs.discarded} jobs were given up: the log of the server says why`);
    }
    if (jobs.due === 0 && jobs.running === 0) return now;
  }
}
