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
      for (const schedule of await known(deps)) {
        try {
          await makeUpFor(deps.database, schedule, now);
        } catch (error) {
          deps.log.error({ err: error, schedule: schedule.name }, `a schedule cannot tick: ${messageOf(error)}`);
        }
      }
    },
  };
}

/** None while they cannot be read: the database may be away, and the next tick makes up for this one. */
async function known({ schedules, log }: Parameters<typeof createScheduler>[0]): Promise<readonly Schedule[]> {
  try {
    return await schedules();
  } catch (error) {
    log.error({ err: error }, `schedules cannot be read; trying again at the next tick: ${messageOf(error)}`);
    return [];
  }
}

/** After a long stop only the latest tick is made up for: what matters is the state now, not a queue of stale wishes. */
async function makeUpFor(database: Database, schedule: Schedule, now: number): Promise<void> {
  const last = Math.max(schedule.since, (await ticks.lastTick(database.read, schedule.name)) ?? 0);
  const dueAt = lastTickUntil(schedule.pattern, schedule.timeZone, now);
  if (dueAt === undefined || dueAt <= last) return;
  await database.write(async (writer) => {
    if (await ticks.hasTick(writer, schedule.name, dueAt)) return;
    await ticks.recordTick(writer, schedule.name, dueAt, await schedule.enqueue(writer, dueAt));
  });
}

/** The first time after `after` that fits the pattern, or undefined when there is none. */
export function tickAfter(pattern: string, timeZone: string, after: number): number | undefined {
  return read(pattern, timeZone, (cron) => cron.nextRun(new Date(after)));
}

const SECOND_MS = 1_000;

/** The last time that fits the pattern and is not after `until`, or undefined when there is none. */
function lastTickUntil(pattern: string, timeZone: string, until: number): number | undefined {
  // Ticks are whole seconds, and the end that is given does not count itself.
  const before = new Date(Math.floor(until / SECOND_MS) * SECOND_MS + SECOND_MS);
  return read(pattern, timeZone, (cron) => cron.previousRuns(1, before)[0]);
}

function read(pattern: string, timeZone: string, ask: (cron: Cron) => Date | null | undefined): number | undefined {
  try {
    return ask(new Cron(pattern, { timezone: timeZone, paused: true }))?.getTime();
  } catch (cause) {
    throw invalid(`'${pattern}' is not a cron pattern: ${messageOf(cause)}`, {
      field: 'schedule',
      hint: 'Write five fields, e.g. "0 3 * * MON" for Mondays at 03:00.',
      cause,
    });
  }
}
