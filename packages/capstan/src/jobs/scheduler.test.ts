import { pino } from 'pino';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { createScheduler, type Schedule } from './scheduler.ts';

const MONDAY = Date.UTC(2013, 3, 1);
const DAY = 86_400_000;

describeDatabases('schedules', (open) => {
  test('each tick makes one job, also when two servers tick at once; missed ticks are made up for by the latest', async () => {
    const database = await open();
    let now = MONDAY;
    const made: number[] = [];
    const schedule: Schedule = {
      name: 'weekly',
      pattern: '0 3 * * MON',
      timeZone: 'UTC',
      since: MONDAY,
      enqueue: async (_, dueAt) => {
        made.push(dueAt);
        return `job_${dueAt}`;
      },
    };
    const deps = {
      database,
      clock: { now: () => now },
      log: pino({ level: 'silent' }),
      schedules: async () => [schedule],
    };
    const [one, two] = [createScheduler(deps), createScheduler(deps)];
    await Promise.all([one.tick(), two.tick()]);
    expect(made).toEqual([]);
    now = MONDAY + DAY;
    await one.tick();
    await Promise.all([one.tick(), two.tick()]);
    expect(made).toEqual([MONDAY + 3 * 3_600_000]);
    now = MONDAY + 7 * DAY + 3 * 3_600_000 - 1;
    await one.tick();
    expect(made).toHaveLength(1);
    now += 1;
    await one.tick();
    expect(made.splice(1)).toEqual([now]);
    now = MONDAY + 22 * DAY;
    await one.tick();
    expect(made).toEqual([MONDAY + 3 * 3_600_000, MONDAY + 21 * DAY + 3 * 3_600_000]);
  });
});

test('schedules that cannot be read are tried again at the next tick', async () => {
  const unreachable = () => Promise.reject(new Error('the database is away'));
  const scheduler = createScheduler({
    database: undefined as never,
    clock: { now: () => MONDAY },
    log: pino({ level: 'silent' }),
    schedules: unreachable,
  });
  await expect(scheduler.tick()).resolves.toBeUndefined();
});
