import { chmod, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, firstFlights, openDataBench, type DataBench } from '../testing.ts';

const at = (text: string) => Date.parse(text);

describeDatabases('cuts of a dataset', (open) => {
  let bench: DataBench;

  beforeEach(async () => {
    bench = await openDataBench(await open());
  });
  afterEach(() => bench.close());

  const month = (name: string) => firstFlights(bench.analytics, bench.folder, name);

  describe('cutting', () => {
    it('cuts by event time, from included to before excluded, in the order of event time', async () => {
      const source = await bench.accepted(['01', '02']);
      const where = { eventTimeFrom: at('2013-01-02T00:00:00Z'), eventTimeBefore: at('2013-02-01T18:00:00Z') };
      const cut = await bench.datasets.derive({
        project: 'flights',
        dataset: 'flights',
        from: source.id,
        where,
        cause,
      });
      expect(cut).toMatchObject({
        number: 2,
        status: 'accepted',
        origin: 'derived',
        eventTimeColumn: 'time_hour',
        files: [{ path: 'flights.parquet' }],
        columns: source.columns,
        parents: [
          { versionId: source.id, how: 'time_hour from 2013-01-02T00:00:00.000Z before 2013-02-01T18:00:00.000Z' },
        ],
      });
      expect(cut.eventTime?.min).toBeGreaterThanOrEqual(where.eventTimeFrom);
      expect(cut.eventTime?.max).toBeLessThan(where.eventTimeBefore);

      const [before, after] = await Promise.all([
        bench.datasets.derive({
          project: 'flights',
          dataset: 'flights',
          from: source.id,
          where: { eventTimeBefore: where.eventTimeFrom },
          cause,
        }),
        bench.datasets.derive({
          project: 'flights',
          dataset: 'flights',
          from: source.id,
          where: { eventTimeFrom: where.eventTimeBefore },
          cause,
        }),
      ]);
      expect(before.rows + cut.rows + after.rows).toBe(source.rows);

      const [file] = await bench.datasets.files(cut.id);
      const [order] = await bench.analytics.query({
        tables: { t: [file!] },
        sql: `select bool_and(ordered) as ordered from (
                select time_hour >= lag(time_hour, 1, time_hour) over (order by capstan_row) as ordered from t_rows)`,
      });
      expect(order).toEqual({ ordered: true });
    });

    it('makes the same cut once, and the same bytes when it is made anew', async () => {
      const source = await bench.accepted(['01']);
      const request = {
        project: 'flights',
        from: source.id,
        where: { eventTimeBefore: at('2013-01-02T00:00:00Z') },
        cause,
      };
      const [one, two] = await Promise.all([
        bench.datasets.derive({ ...request, dataset: 'flights' }),
        bench.datasets.derive({ ...request, dataset: 'flights' }),
      ]);
      expect(two.id).toBe(one.id);
      // Another dataset has its own version of it; the bytes are the same, so they are stored once.
      const elsewhere = await bench.datasets.derive({ ...request, dataset: 'training' });
      expect(elsewhere.id).not.toBe(one.id);
      expect(elsewhere.files[0]?.digest).toBe(one.files[0]?.digest);
    });

    it('is not what the next registration adds to, nor the latest version', async () => {
      const source = await bench.accepted(['01']);
      await bench.datasets.derive({
        project: 'flights',
        dataset: 'flights',
        from: source.id,
        where: { eventTimeBefore: at('2013-01-02T00:00:00Z') },
        cause,
      });
      expect((await bench.datasets.latest('flights', 'flights'))?.id).toBe(source.id);
      expect(await bench.accepted(['02'])).toMatchObject({ number: 3, fileCount: 2, rows: 2_000 });
    });

    it('joins several versions and takes a row that two have from the first', async () => {
      const january = await bench.accepted(['01']);
      const both = await bench.accepted(['02']);
      const joined = await bench.datasets.derive({
        project: 'flights',
        dataset: 'flights',
        from: [january.id, both.id],
        where: {},
        cause,
      });
      expect(joined.rows).toBe(both.rows);
      expect(joined.parents.map((parent) => parent.versionId)).toEqual([january.id, both.id]);
    });

    it('reads a CSV dataset and writes CSV, since that is what the pipeline looks for', async () => {
      await bench.declare('  trips: {path: data/trips.csv, event_time: at}');
      await writeFile(
        join(bench.folder, 'data', 'trips.csv'),
        'at,n\n2013-01-03 00:00:00,3\n2013-01-01 00:00:00,1\n2013-01-02 00:00:00,2\n',
      );
      const version = await bench.register(undefined, { dataset: 'trips' });
      await bench.checkAll();
      const where = { eventTimeBefore: at('2013-01-03T00:00:00Z') };
      const cut = await bench.datasets.derive({ project: 'flights', dataset: 'trips', from: version.id, where, cause });
      const [file] = await bench.datasets.files(cut.id);
      expect(file).toMatchObject({ place: 'trips.csv', format: 'csv' });
      expect(await readFile(file!.path, 'utf8')).toBe('at,n\n2013-01-01 00:00:00,1\n2013-01-02 00:00:00,2\n');
    });

    it.each([
      ['nothing', { eventTimeFrom: at('2020-01-01T00:00:00Z') }, 'INVALID_ARGUMENT', /No row lies in the cut/],
      [
        'a span that ends before it begins',
        { eventTimeFrom: 5, eventTimeBefore: 5 },
        'INVALID_ARGUMENT',
        /ends before it begins/,
      ],
    ])('refuses to cut %s', async (_, where, code, message) => {
      const source = await bench.accepted(['01']);
      const asked = bench.datasets.derive({ project: 'flights', dataset: 'flights', from: source.id, where, cause });
      await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
      expect(await bench.datasets.list({ project: 'flights', dataset: 'flights', limit: 10 })).toHaveLength(1);
    });

    it('refuses to cut what has not been accepted, or has no event time', async () => {
      await bench.addMonths(['01']);
      const pending = await bench.register();
      const cutOf = (id: string) =>
        bench.datasets.derive({
          project: 'flights',
          dataset: 'flights',
          from: id,
          where: { eventTimeBefore: 9e12 },
          cause,
        });
      await expect(cutOf(pending.id)).rejects.toMatchObject({ code: 'CONFLICT' });
      await bench.declare('  flights: {path: data/flights/*.parquet}\n  other: {path: data/flights/*.parquet}');
      const timeless = await bench.register(undefined, { dataset: 'other' });
      await bench.checkAll();
      await expect(cutOf(timeless.id)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/no event time/),
      });
      await expect(cutOf('dv_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });

  describe('materialising', () => {
    it('copies the files of an accepted version, so that writing into them changes nothing else', async () => {
      const version = await bench.accepted(['01']);
      const folder = join(bench.folder, 'workspace', 'data', 'flights');
      const paths = await bench.datasets.materialise(version.id, folder);
      expect(paths).toEqual([join(folder, '2013-01.parquet')]);
      const original = await month('01');
      expect((await readFile(paths[0]!)).equals(original)).toBe(true);
      expect((await stat(paths[0]!)).mode & 0o777).toBe(0o644);

      await writeFile(paths[0]!, 'overwritten by training');
      await bench.datasets.materialise(version.id, folder);
      expect((await readFile(paths[0]!)).equals(original)).toBe(true);
    });

    it('refuses a pending version, and one whose stored bytes are damaged', async () => {
      await bench.addMonths(['01']);
      const version = await bench.register();
      const folder = join(bench.folder, 'workspace');
      await expect(bench.datasets.materialise(version.id, folder)).rejects.toMatchObject({ code: 'CONFLICT' });
      await bench.checkAll();
      const [file] = await bench.datasets.files(version.id);
      await chmod(file!.path, 0o644);
      await writeFile(file!.path, 'damaged');
      await expect(bench.datasets.materialise(version.id, folder)).rejects.toMatchObject({ code: 'DATA_LOSS' });
      expect(await readdir(bench.folder)).not.toContain('workspace');
    });
  });

  it('removes what it wrote on the way', async () => {
    const source = await bench.accepted(['01']);
    await bench.datasets.derive({
      project: 'flights',
      dataset: 'flights',
      from: source.id,
      where: { eventTimeBefore: at('2013-01-02T00:00:00Z') },
      cause,
    });
    expect(await readdir(join(bench.folder, '..', 'tmp'))).toEqual([]);
    await rm(join(bench.folder, '..', 'tmp'), { recursive: true });
  });
});
