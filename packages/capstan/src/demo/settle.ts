import type { Client } from '@capstan/client';
import { DomainError } from '#kernel/errors';

const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 200;

/** Resolves when no job is due or under way: everything that follows from what was said has been done. */
export async function settle(client: Client): Promise<void> {
  for (let waitMs = FIRST_POLL_MS; ; waitMs = Math.min(LONGEST_POLL_MS, waitMs * 2)) {
    const { jobs } = await client.system.status({});
    if (jobs.discarded > 0) {
      throw new DomainError('INTERNAL', `${jobs.discarded} jobs were given up: the log of the server says why`);
    }
    if (jobs.due === 0 && jobs.running === 0) return;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
