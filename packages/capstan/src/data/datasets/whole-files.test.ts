import { join } from 'node:path';
import fc from 'fast-check';
import type { DatasetVersion } from '@capstan/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { DataRow } from '#ports/analytics';
import { cause, openDataBench, type DataBench } from '../testing.ts';
import { sideOf } from './model.ts';

const DAY_MS = 86_400_000;
const day = (number: number) => Date.parse('2013-01-01T00:00:00Z') + number * DAY_MS;

describe('where a file lies to a cut', () => {
  const scan = { eventTime: { min: 10, max: 20 }, untimedRows: 0 };

  it.each([
    ['in', { eventTimeFrom: 10, eventTimeBefore: 21 }],
    ['both', { eventTimeFrom: 10, eventTimeBefore: 20 }],
    ['both', { eventTimeFrom: 11 }],
    ['out', { eventTimeFrom: 21 }],
    ['both', { eventTimeFrom: 20 }],
    ['out', { eventTimeBefore: 10 }],
    ['both', { eventTimeBefore: 11 }],
    ['in', {}],
  ] as const)('%s of %j', (side, cut) => {
    expect(sideOf(scan, cut)).toBe(side);
  });

  it('never keeps a row without event time in a cut that has an edge', () => {
    expect(sideOf({ ...scan, untimedRows: 1 }, { eventTimeFrom: 0 })).toBe('both');
    expect(sideOf({ eventTime: null, untimedRows: 3 }, { eventTimeFrom: 0 })).toBe('out');
    expect(sideOf({ eventTime: null, untimedRows: 3 }, {})).toBe('in');
  });
});

describeDatabases('cuts of a dataset of several files', (open) => {
  let bench: DataBench;

  beforeEach(async () => {
    bench = await openDataBench(await open());
    await bench.declare('  trips: {path: data/flights/*.parquet, event_time: seen}');
  });
  afterEach(() => bench.close());

  /** Writes a file of trips, one for each day named. */
  async function write(name: string, days: readonly number[], columns = 'seen, n'): Promise<string> {
    const file = `data/flights/${name}.parquet`;
    const values = days.map((number, index) => `(make_timestamp(${day(number)} * 1000), ${index})`).join(', ');
    const sql = `select ${columns} from (values ${values}) trips(seen, n)`;
    await bench.analytics.write({ tables: {}, sql }, { path: join(bench.folder, file), format: 'parquet' });
    return file;
  }

  async function register(files: readonly string[], replace = false): Promise<DatasetVersion> {
    const { id } = await bench.register(files, { dataset: 'trips', replace });
    await bench.checkAll();
    return await bench.datasets.get(id);
  }

  const cut = (from: DatasetVersion, where: { eventTimeFrom?: number; eventTimeBefore?: number }) =>
    bench.datasets.derive({ project: 'flights', dataset: 'trips', from: from.id, where, cause });

  const rowsOf = async (version: DatasetVersion, filter = 'true'): Promise<DataRow[]> =>
    await bench.analytics.query({
      tables: { t: await bench.datasets.files(version.id) },
      sql: `select seen, n from t where ${filter} order by seen, n`,
    });

  it('keeps files that lie inside as they are, and writes the rows of the others as one more', async () => {
    const whole = await register([await write('a', [0, 1]), await write('b', [2, 3]), await write('c', [4, 5])]);
    const made = await cut(whole, { eventTimeFrom: day(1), eventTimeBefore: day(5) });
    expect(made.files.map(({ path, rows }) => [path, rows])).toEqual([
      ['b.parquet', 2],
      ['trips.parquet', 2],
    ]);
    expect(made.files[0]?.digest).toBe(whole.files[1]?.digest);
    expect(made).toMatchObject({ fileCount: 2, rows: 4, columns: whole.columns, status: 'accepted' });
    expect(made.sizeBytes).toBe(made.files[0]!.sizeBytes + made.files[1]!.sizeBytes);
    expect(made.eventTime).toEqual({ min: day(1), max: day(4) });
    expect(await bench.datasets.materialise(made.id, join(bench.folder, 'workspace'))).toEqual(
      ['b.parquet', 'trips.parquet'].map((name) => join(bench.folder, 'workspace', name)),
    );
  });

  it('writes nothing where the edge is between files', async () => {
    const whole = await register([await write('a', [0, 1]), await write('b', [2, 3])]);
    const made = await cut(whole, { eventTimeBefore: day(2) });
    expect(made.files).toEqual([whole.files[0]]);
    expect(made.eventTime).toEqual({ min: day(0), max: day(1) });
    await expect(cut(whole, { eventTimeFrom: day(9) })).rejects.toThrow(/No row lies in the cut/);
  });

  it('gives the rest of a divided file a name that no kept one has', async () => {
    const whole = await register([await write('trips', [0, 1]), await write('b', [2, 3])]);
    const made = await cut(whole, { eventTimeBefore: day(3) });
    expect(made.files.map(({ path }) => path)).toEqual(['trips-2.parquet', 'trips.parquet']);
    // A cut of a cut, likewise.
    const again = await cut(made, { eventTimeFrom: day(1) });
    expect(again.files.map(({ path, rows }) => [path, rows])).toEqual([
      ['trips-2.parquet', 1],
      ['trips.parquet', 1],
    ]);
  });

  it('writes a file anew whose columns are of other types than those of the version', async () => {
    const files = [await write('a', [0, 1]), await write('b', [2, 3], 'seen, cast(n as bigint) as n')];
    const whole = await register(files);
    expect(whole.columns).toMatchObject([{}, { name: 'n', storageType: 'BIGINT' }]);
    const made = await cut(whole, {});
    expect(made.files.map(({ path, rows }) => [path, rows])).toEqual([
      ['b.parquet', 2],
      ['trips.parquet', 2],
    ]);
    expect(made.columns).toEqual(whole.columns);
    const local = await bench.datasets.files(made.id);
    expect(local.map(({ columns }) => columns)).toEqual([whole.columns, whole.columns]);
  });

  it('has the rows that a filter of all rows has, whatever files they are in and wherever the edges are', async () => {
    const days = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(days, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        async (files, from, length) => {
          run += 1;
          const names: string[] = [];
          for (const [index, each] of files.entries()) names.push(await write(`f${run}-${index}`, each));
          const whole = await register(names, true);
          const where = { eventTimeFrom: day(from), eventTimeBefore: day(from + length) };
          const inside = `epoch_ms(seen) >= ${where.eventTimeFrom} and epoch_ms(seen) < ${where.eventTimeBefore}`;
          const wanted = await rowsOf(whole, inside);
          if (wanted.length === 0) {
            await expect(cut(whole, where)).rejects.toThrow(/No row lies in the cut/);
            return;
          }
          const made = await cut(whole, where);
          expect(await rowsOf(made)).toEqual(wanted);
          const times = wanted.map((row) => Date.parse(row['seen'] as string));
          expect(made).toMatchObject({
            rows: wanted.length,
            eventTime: { min: Math.min(...times), max: Math.max(...times) },
          });
          expect(made.files.every(({ path }) => /^[\w-]+\.parquet$/.test(path))).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });

  describe('the profile of a cut', () => {
    it('is made when somebody asks for the version, and kept', async () => {
      const whole = await register([await write('a', [0, 1]), await write('b', [2, 3])]);
      const made = await cut(whole, { eventTimeBefore: day(3) });
      expect((await bench.datasets.get(made.id)).profile).toBeNull();
      const described = await bench.datasets.describe(made.id);
      expect(described.profile).toMatchObject({ rows: 3, columns: [{ name: 'seen', distinct: 3 }, { name: 'n' }] });
      expect(await bench.datasets.get(made.id)).toEqual(described);
    });

    it('is that of its check for what people registered, and none before', async () => {
      const { id } = await bench.register([await write('a', [0, 1])], { dataset: 'trips' });
      expect((await bench.datasets.describe(id)).profile).toBeNull();
      await bench.checkAll();
      expect((await bench.datasets.get(id)).profile).toMatchObject({ rows: 2 });
    });
  });
});
