import { Cron } from 'croner';
import type { Logger } from 'pino';
import type { Database, Writer } from '#database';
import { invalid, messageOf } from '#kernel/errors';
import type { Clock } from '#ports/clock';
import * as ticks from './schedule.store.ts';

/** Something that happens at times given by a cron pattern. */
export interface Schedule {
  /** Unique: `retrain:flight-delays`. */
  readonly name: string;
  /** Five fields, as cron has them. */
  readonly pattern: string;
  readonly timeZone: string;
  /** Ticks at or before it are not made up for: when the schedule began. */
  readonly since: number;
  /** Puts the tick's job into the queue, in the transaction that records the tick. Returns the job's id. */
  enqueue(writer: Writer, dueAt: number): Promise<string>;
}

export interface Scheduler {
  /** Makes the jobs of all ticks up to now. Two servers doing so at once make each tick once. */
  tick(): Promise<void>;
}

/** After a long stop only the latest tick is made up for: what matters is the state now, not a queue of stale wishes. */
const MAX_TICKS_LOOKED_AT = 1_000;

/** @throws DomainError INVALID_ARGUMENT from `tickAfter` for a pattern that is not cron */
export function createScheduler(deps: {
  database: Database;
  clock: Clock;
  log: Logger;
  schedules: () => Promise<readonly Schedule[]>;
}): Scheduler {
  return {
    async tick() {
      const now = deps.clock.now();
      for (const schedule of await deps.schedules()) {
        try {
          await makeUpFor(deps.database, schedule, now);
        } catch (error) {
          deps.log.error({ err: error, schedule: schedule.name }, `a schedule cannot tick: ${messageOf(error)}`);
        }
      }
    },
  };
}

async function makeUpFor(database: Database, schedule: Schedule, now: number): Promise<void> {
  const last = Math.max(schedule.since, (await ticks.lastTick(database.read, schedule.name)) ?? 0);
  let due: number | undefined;
  let next = tickAfter(schedule.pattern, schedule.timeZone, last);
  for (let count = 0; next !== undefined && next <= now && count < MAX_TICKS_LOOKED_AT; count++) {
    due = next;
    next = tickAfter(schedule.pattern, schedule.timeZone, next);
  }
  if (due === undefined) return;
  const dueAt = due;
  await database.write(async (writer) => {
    if (await ticks.hasTick(writer, schedule.name, dueAt)) return;
    await ticks.recordTick(writer, schedule.name, dueAt, await schedule.enqueue(writer, dueAt));
  });
}

/** The first time after `after` that fits the pattern, or undefined when there is none. */
export function tickAfter(pattern: string, timeZone: string, after: number): number | undefined {
  try {
    return new Cron(pattern, { timezone: timeZone, paused: true }).nextRun(new Date(after))?.getTime();
  } catch (cause) {
    throw invalid(`'${pattern}' is not a cron pattern: ${messageOf(cause)}`, {
      field: 'schedule',
      hint: 'Write five fields, e.g. "0 3 * * MON" for Mondays at 03:00.',
      cause,
    });
  }
}
