import type { Database } from '#database';
import type { Events } from '#events';
import { conflict, invalid } from '#kernel/errors';
import type { Cause } from '#kernel/cause';
import { systemClock, type Clock } from '#ports/clock';
import * as store from './store.ts';

const CLOCK_SETTING = 'simulated-clock';

/** The clock of this installation; a simulated one stands still until told and survives restarts. */
export interface AppClock extends Clock {
  readonly kind: 'system' | 'simulated';
  /**
   * Moves simulated time forward; the new time is on disk before it shows.
   * @throws DomainError CONFLICT on the system clock, INVALID_ARGUMENT for a time before now
   */
  advance(events: Events, cause: Cause, to: number): Promise<void>;
}

export async function openClock(kind: 'system' | 'simulated', database: Database): Promise<AppClock> {
  if (kind === 'system') {
    return {
      kind,
      ...systemClock,
      advance: () =>
        Promise.reject(conflict('The clock is the system’s', { hint: 'Start the server with --clock simulated.' })),
    };
  }
  let now = Number((await store.readSetting(database.read, CLOCK_SETTING)) ?? 0);
  return {
    kind,
    now: () => now,
    async advance(events, cause, to) {
      if (to < now) throw invalid(`Time does not go back (now ${now}, asked ${to})`, { field: 'body.to' });
      if (to === now) return;
      const from = now;
      await database.write(async (writer) => {
        await store.writeSetting(writer, CLOCK_SETTING, String(to));
        const fact = { type: 'clock.advanced', subject: 'installation:clock', payload: { from, to } } as const;
        await events.append(writer, cause, fact);
      });
      now = to;
    },
  };
}
