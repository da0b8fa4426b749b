import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { openDataBench, type DataBench } from '../testing.ts';

const HOUR_MS = 3_600_000;

describeDatabases('profiles of a dataset', (open) => {
  let bench: DataBench;

  beforeEach(async () => {
    bench = await openDataBench(await open());
  });
  afterEach(() => bench.close());

  describe('profiling', () => {
    it('describes every column of real flights', async () => {
      await bench.addWholeMonth('01');
      const { id } = await bench.register();
      await bench.checkAll();
      const { profile } = await bench.datasets.get(id);
      expect(profile).toMatchObject({ rows: 27_004, isExact: true });
      const byName = Object.fromEntries(profile!.columns.map((column) => [column.name, column]));
      // The figures are those of pandas 3.1 on the same rows.
      expect(byName['arr_delay']).toMatchObject({ type: 'integer', missing: 606, distinct: 361, min: -70, max: 1272 });
      expect(byName['arr_delay']?.mean).toBeCloseTo(6.129972, 5);
      expect(byName['arr_delay']?.stddev).toBeCloseTo(40.423898, 5);
      for (const [index, quantile] of [-41, -30, -15, -3, 13, 79, 167.03].entries()) {
        expect(byName['arr_delay']?.quantiles?.[index]).toBeCloseTo(quantile, 6);
      }
      const strength = (a: string, b: string) =>
        profile!.correlations?.pairs.find(({ columns }) => columns.includes(a) && columns.includes(b));
      // So are these, of every second row, counted from 1.
      expect(profile!.correlations).toMatchObject({ everyRow: 2 });
      expect(strength('dep_delay', 'arr_delay')).toMatchObject({ n: 13223, r: expect.closeTo(0.914057065573, 10) });
      expect(strength('air_time', 'distance')).toMatchObject({ n: 13223, r: expect.closeTo(0.989733637732, 10) });
      expect(strength('dep_delay', 'dep_time')).toMatchObject({ n: 13264, r: expect.closeTo(0.219587282654, 10) });
      expect(byName['carrier']).toMatchObject({
        type: 'text',
        missing: 0,
        distinct: 16,
        min: '9E',
        max: 'YV',
        histogram: null,
      });
      expect(byName['carrier']?.top?.slice(0, 2)).toEqual([
        { value: 'UA', count: 4_637 },
        { value: 'B6', count: 4_427 },
      ]);
      for (const name of ['arr_delay', 'distance', 'time_hour']) {
        const { histogram, missing } = byName[name]!;
        expect(histogram?.edges).toHaveLength(21);
        expect(histogram?.counts).toHaveLength(20);
        expect(
          histogram?.counts.reduce((total, count) => total + count, 0),
          name,
        ).toBe(27_004 - missing);
      }
      expect(byName['time_hour']).toMatchObject({
        type: 'timestamp',
        min: '2013-01-01T10:00:00Z',
        max: '2013-02-01T04:00:00Z',
      });
      expect(byName['time_hour']!.histogram!.edges[1]! - byName['time_hour']!.histogram!.edges[0]!).toBe(
        (738 * HOUR_MS) / 20,
      );
    });

    it('copes with columns of any name', async () => {
      await bench.declare('  odd: {path: data/odd.csv}');
      await writeFile(
        join(bench.folder, 'data', 'odd.csv'),
        'n,list,value,place,count,data\na,x,x,x,x,x\na,y,y,y,y,y\nb,z,z,z,z,z\n',
      );
      const version = await bench.register(undefined, { dataset: 'odd' });
      await bench.checkAll();
      const { profile } = await bench.datasets.get(version.id);
      expect(profile!.columns[0]?.top).toEqual([
        { value: 'a', count: 2 },
        { value: 'b', count: 1 },
      ]);
    });

    it('copes with numbers whose squares have no end', async () => {
      await bench.declare('  odd: {path: data/odd.csv}');
      await writeFile(join(bench.folder, 'data', 'odd.csv'), 'large,plain\n-1e300,1\n0,2\n1e300,4\n');
      const version = await bench.register(undefined, { dataset: 'odd' });
      await bench.checkAll();
      const { profile } = await bench.datasets.get(version.id);
      expect(profile!.columns[0]).toMatchObject({ min: -1e300, max: 1e300, stddev: null });
      expect(profile!.columns[1]?.stddev).toBeCloseTo(1.527525, 6);
    });

    it('copes with columns of one value, of none, with NaN and infinities', async () => {
      await bench.declare('  odd: {path: data/odd.csv}');
      await writeFile(
        join(bench.folder, 'data', 'odd.csv'),
        'same,none,wild,flag\n7,,nan,true\n7,,inf,false\n7,,1.5,true\n7,,2.5,\n',
      );
      const version = await bench.register(undefined, { dataset: 'odd' });
      await bench.checkAll();
      const { profile, status } = await bench.datasets.get(version.id);
      expect(status).toBe('accepted');
      const [same, none, wild, flag] = profile!.columns;
      expect(same).toMatchObject({ min: 7, max: 7, distinct: 1, stddev: 0 });
      expect(same?.histogram?.counts[0]).toBe(4);
      expect(none).toMatchObject({ missing: 4, distinct: 0, min: null, max: null, top: [] });
      expect(wild).toMatchObject({ missing: 1, distinct: 3, min: 1.5, max: 'Infinity', mean: 2 });
      expect(flag).toMatchObject({
        type: 'boolean',
        missing: 1,
        top: [
          { value: true, count: 2 },
          { value: false, count: 1 },
        ],
      });
    });
  });
});
