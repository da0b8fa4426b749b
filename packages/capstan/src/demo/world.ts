import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analytics, Cell, DataFile } from '#ports/analytics';
import { calendar, DAY_MS } from './days.ts';

/** Flights of one day, by columns, in the order of departure. */
export interface DayOfFlights {
  readonly ids: readonly string[];
  /** Milliseconds since 1970, scheduled departure. */
  readonly eventTimes: readonly number[];
  /** 1 late, 0 on time, null for one that never arrived. */
  readonly late: readonly (0 | 1 | null)[];
  /** What the model is asked with, `example_id` and `event_time` included. */
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
}

/** What happens in the year, as the outside world knows it: flights leave, and arrive. */
export interface World {
  /** All flights with their features and what came of them, as one file. */
  readonly file: string;
  flightsOf(day: number): Promise<DayOfFlights>;
}

const PORTION_MS = 14 * DAY_MS;
const ROWS = 'r.example_id, r.event_time, epoch_ms(r.event_time) as event_ms';

/** Computes the features of the whole year by the example's own SQL, once per folder of data. */
export async function openWorld(analytics: Analytics, example: string, file: string): Promise<World> {
  if (!existsSync(file)) {
    const sql = readFileSync(join(example, 'features.sql'), 'utf8');
    const tables = {
      flights: Array.from({ length: 12 }, (_, index) => flightsFile(example, index + 1)),
      weather: [parquet(join(example, 'data', 'weather.parquet'))],
      planes: [{ path: join(example, 'data', 'planes.csv'), format: 'csv', label: 'planes.csv' } as const],
    };
    await analytics.write(
      { tables, sql: `select * from (${sql}\n) order by event_time, example_id` },
      { path: file, format: 'parquet' },
    );
  }
  return { file, flightsOf: daysByPortions((from, before) => readFlights(analytics, file, from, before)) };
}

function flightsFile(example: string, month: number): DataFile {
  return parquet(join(example, 'data', 'flights', `2013-${String(month).padStart(2, '0')}.parquet`));
}

function parquet(path: string): DataFile {
  return { path, format: 'parquet', label: path.slice(path.lastIndexOf('/') + 1) };
}

/**
 * Days of the year, each read once. They are read as many at a time as fit well into memory: a scan of the file costs more
 * than the rows of a day.
 */
export function daysByPortions(read: (from: number, before: number) => Promise<DayOfFlights>): World['flightsOf'] {
  const portions = new Map<number, Promise<DayOfFlights>>();
  const portionAt = (start: number): Promise<DayOfFlights> => {
    const found = portions.get(start) ?? read(start, start + PORTION_MS);
    // Each day is asked for with the one before it, which may belong to the portion before.
    for (const other of portions.keys()) if (Math.abs(other - start) > PORTION_MS) portions.delete(other);
    portions.set(start, found);
    found.catch(() => portions.delete(start));
    return found;
  };
  return async (day) => {
    const start = calendar.firstDay + Math.floor((day - calendar.firstDay) / PORTION_MS) * PORTION_MS;
    return cut(await portionAt(start), day, day + DAY_MS);
  };
}

function cut(flights: DayOfFlights, from: number, before: number): DayOfFlights {
  const rows = [firstAt(flights.eventTimes, from), firstAt(flights.eventTimes, before)] as const;
  return {
    ids: flights.ids.slice(...rows),
    eventTimes: flights.eventTimes.slice(...rows),
    late: flights.late.slice(...rows),
    columns: Object.fromEntries(Object.entries(flights.columns).map(([name, cells]) => [name, cells.slice(...rows)])),
  };
}

function firstAt(times: readonly number[], time: number): number {
  const index = times.findIndex((each) => each >= time);
  return index === -1 ? times.length : index;
}

async function readFlights(analytics: Analytics, file: string, from: number, before: number): Promise<DayOfFlights> {
  const {
    event_ms: eventTimes,
    late,
    ...columns
  } = await analytics.queryColumns({
    tables: { r: [parquet(file)] },
    sql: `select ${ROWS}, r.* exclude (example_id, event_time) from r
          where epoch_ms(r.event_time) >= $from and epoch_ms(r.event_time) < $before
          order by r.event_time, r.example_id`,
    parameters: { from, before },
  });
  return {
    ids: (columns['example_id'] ?? []).map(String),
    eventTimes: (eventTimes ?? []).map(Number),
    late: (late ?? []).map((label) => (label === null ? null : label === 1 ? 1 : 0)),
    columns,
  };
}
