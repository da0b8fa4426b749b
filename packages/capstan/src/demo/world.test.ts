import { expect, test } from 'vitest';
import { calendar, DAY_MS } from './days.ts';
import { daysByPortions, type DayOfFlights } from './world.ts';

const HOUR_MS = 3_600_000;

/** A flight every six hours. */
function setup() {
  const reads: number[] = [];
  let isBroken = false;
  const flightsOf = daysByPortions(async (from, before): Promise<DayOfFlights> => {
    reads.push((from - calendar.firstDay) / DAY_MS);
    if (isBroken) throw new Error('not now');
    const eventTimes = Array.from({ length: (before - from) / (6 * HOUR_MS) }, (_, at) => from + at * 6 * HOUR_MS);
    const ids = eventTimes.map(String);
    return { ids, eventTimes, late: eventTimes.map(() => 0 as const), columns: { example_id: ids } };
  });
  return { reads, flightsOf, breakDown: (is: boolean) => void (isBroken = is) };
}

test('a day has its own flights, the first and the last of it', async () => {
  const { flightsOf } = setup();
  const day = calendar.firstDay + 5 * DAY_MS;
  const { ids, eventTimes, late, columns } = await flightsOf(day);
  expect(eventTimes).toEqual([0, 6, 12, 18].map((hours) => day + hours * HOUR_MS));
  expect(columns['example_id']).toEqual(ids);
  expect(late).toHaveLength(4);
});

test('days that are played with the day before each are read once', async () => {
  const { reads, flightsOf } = setup();
  for (let day = calendar.firstDay; day < calendar.firstDay + 30 * DAY_MS; day += DAY_MS) {
    await flightsOf(day);
    await flightsOf(day - DAY_MS);
  }
  expect(reads).toEqual([0, -14, 14, 28]);
});

test('a read that failed is tried again', async () => {
  const { flightsOf, breakDown } = setup();
  breakDown(true);
  await expect(flightsOf(calendar.firstDay)).rejects.toThrow('not now');
  breakDown(false);
  expect((await flightsOf(calendar.firstDay)).ids).toHaveLength(4);
});
