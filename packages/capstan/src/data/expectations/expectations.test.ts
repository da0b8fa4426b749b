import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Analytics } from '#ports/analytics';
import { describeDatabases } from '#database/testing';
import { cause, FLIGHTS, exampleData } from '../testing.ts';
import { ALL, broken, SUITE, openExpectationsBench, type ExpectationsBench } from './testing.ts';
import { createExpectations } from './index.ts';

describeDatabases('expectations', (open) => {
  let bench: ExpectationsBench;
  beforeEach(async () => {
    bench = await openExpectationsBench(await open());
  });
  afterEach(() => bench.close());

  describe('accepting', () => {
    it('accepts real flights and reports every rule with what was seen', async () => {
      await bench.addWholeMonth('01');
      await bench.addMonths(['02']);
      const version = await bench.checked();
      expect(version.status).toBe('accepted');
      expect(broken(version)).toEqual([]);
      expect(version.report?.suite).toMatchObject({
        path: 'expectations/flights.yaml',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      const seen = version.report!.results.map(
        ({ rule, column, observed }) => `${[rule, column].filter(Boolean).join(' ')}: ${observed}`,
      );
      expect(seen).toEqual([
        'same_columns: 19 columns in each of 2 files',
        'type carrier: text',
        'type origin: text',
        'type distance: integer',
        'type arr_delay: integer',
        'type air_time: integer',
        'rows_min: 28004 rows',
        'rows_max: 28004 rows',
        'freshness: newest row of 2013-02-02T12:00:00.000Z',
        'event_time time_hour: 0 of 28004 rows (0 %)',
        'missing_max carrier: 0 of 28004 rows (0 %)',
        'pattern carrier: 0 of 28004 rows (0 %)',
        'domain origin: 0 of 28004 rows (0 %)',
        'missing_max distance: 0 of 28004 rows (0 %)',
        'range distance: 0 of 28004 rows (0 %)',
        expect.stringMatching(/^missing_max arr_delay: 6\d\d of 28004 rows/),
        'range arr_delay: 0 of 28004 rows (0 %)',
        expect.stringMatching(/^range air_time: \d+ of 28004 rows/),
        expect.stringMatching(/^mean distance: mean 10\d\d/),
        'key: repeated: 0 of 28004 rows (0 %)',
        'references carrier: 0 of 28004 rows (0 %)',
      ]);
    });

    it('takes a version without expectations when it keeps what holds for all', async () => {
      await bench.declare(FLIGHTS);
      await bench.addMonths(['01']);
      const version = await bench.checked();
      expect(version).toMatchObject({ status: 'accepted', report: { suite: null } });
      expect(version.report?.results.map((result) => result.rule)).toEqual(['same_columns', 'event_time', 'key']);
    });

    it('only warns of a rule with that severity', async () => {
      await bench.writeSuite(SUITE.replace('violations_max: 0.25', 'violations_max: 0'));
      await bench.writeMonth(
        '01',
        '* exclude (capstan_file, capstan_row) replace (case when capstan_row = 7 then 401 else air_time end as air_time)',
      );
      const version = await bench.checked();
      expect(version.status).toBe('accepted');
      expect(broken(version)).toMatchObject([{ rule: 'range', column: 'air_time', severity: 'warn', failedRows: 3 }]);
    });

    it('counts all rules on rows and figures in one scan', async () => {
      await bench.addMonths(['01']);
      const { id } = await bench.register();
      const asked: string[] = [];
      const counting: Analytics = {
        ...bench.analytics,
        query: (question) => {
          asked.push(question.sql);
          return bench.analytics.query(question);
        },
      };
      const expectations = createExpectations({ ...bench, analytics: counting });
      await expectations.check({ versionId: id, cause, isLastTry: false });
      expect(asked.filter((sql) => sql.includes('count0'))).toHaveLength(1);
      expect(asked).toHaveLength(4); // the pattern, the scan, the key, the reference
    });
  });

  describe('quarantining', () => {
    it('names the rule, the rows and their values when distances come in kilometres', async () => {
      await bench.writeMonth('01', `${ALL} replace (cast(round(distance * 1.609344) as integer) as distance)`);
      const version = await bench.checked();
      expect(version.status).toBe('quarantined');
      const [range, mean] = broken(version);
      expect(range).toMatchObject({
        rule: 'range',
        column: 'distance',
        expected: 'between 1 and 6000',
        severity: 'error',
      });
      expect(range!.failedRows).toBeGreaterThan(0);
      expect(range!.examples.length).toBeLessThanOrEqual(5);
      expect(range!.examples[0]).toEqual({
        file: '2013-01.parquet',
        row: 172,
        values: { distance: 8019, carrier: 'HA', flight: 51, origin: 'JFK', time_hour: '2013-01-01T14:00:00Z' },
      });
      expect(mean).toMatchObject({
        rule: 'mean',
        column: 'distance',
        observed: expect.stringMatching(/^mean 1[67]\d\d/),
      });
      const [fact] = await bench.events.list({
        type: 'dataset-version.checked',
        subject: `dataset-version:${version.id}`,
        limit: 9,
      });
      expect(fact?.payload).toMatchObject({
        verdict: 'quarantined',
        failed: [
          { rule: 'range', column: 'distance', severity: 'error', failedRows: range!.failedRows },
          { rule: 'mean' },
        ],
      });
    });

    it('finds missing values over the limit, with the first rows in the order of the files', async () => {
      await bench.addMonths(['01']);
      await bench.writeMonth(
        '02',
        `${ALL} replace (case when capstan_row % 5 = 0 then null else arr_delay end as arr_delay)`,
      );
      const [missing, ...rest] = broken(await bench.checked());
      expect(rest).toEqual([]);
      expect(missing).toMatchObject({
        rule: 'missing_max',
        column: 'arr_delay',
        expected: 'missing: at most 5 % of the rows',
      });
      expect(missing!.failedRows).toBeGreaterThanOrEqual(200);
      expect(missing!.examples).toHaveLength(5);
      expect(missing!.examples[0]).toMatchObject({ file: '2013-01.parquet', values: { arr_delay: null } });
    });

    it.each([
      [
        'a carrier nobody knows',
        `case when capstan_row = 3 then 'ZZ' else carrier end as carrier`,
        'references',
        'carrier',
        1,
      ],
      [
        'a carrier that is no code',
        `case when capstan_row < 3 then 'United' else carrier end as carrier`,
        'pattern',
        'carrier',
        2,
      ],
      ['another airport', `case when origin = 'JFK' then 'BOS' else origin end as origin`, 'domain', 'origin', 300],
      ['numbers as text', 'cast(distance as varchar) as distance', 'type', 'distance', 1_000],
      [
        'a word among the numbers',
        `case when capstan_row = 9 then 'far' else cast(distance as varchar) end as distance`,
        'type',
        'distance',
        1,
      ],
      [
        'a missing event time',
        'case when capstan_row = 4 then null else time_hour end as time_hour',
        'event_time',
        'time_hour',
        1,
      ],
    ])('finds %s', async (_, change, rule, column, least) => {
      await bench.writeMonth('01', `${ALL} replace (${change})`);
      const version = await bench.checked();
      expect(version.status).toBe('quarantined');
      const found = broken(version).find((result) => result.rule === rule);
      expect(found).toMatchObject({ rule, column, passed: false });
      expect(found!.failedRows).toBeGreaterThanOrEqual(least);
      if (rule !== 'type' || least === 1) expect(found!.examples[0]?.values).toHaveProperty(column);
    });

    it('finds rows that come twice', async () => {
      await bench.writeMonth(
        '01',
        ALL,
        'where capstan_row <= 1000 union all by name select * exclude (capstan_file, capstan_row) from t_rows where capstan_row between 10 and 12',
      );
      expect(broken(await bench.checked())).toMatchObject([
        { rule: 'key', failedRows: 3, observed: 'repeated: 3 of 1003 rows (0.3 %)' },
      ]);
    });

    it('finds too few rows and too old ones', async () => {
      await bench.writeMonth('01', ALL, 'where capstan_row <= 10');
      bench.clock.time = Date.parse('2015-01-01T00:00:00Z');
      expect(broken(await bench.checked()).map((result) => result.rule)).toEqual(['rows_min', 'freshness']);
    });

    it('finds a column that one of the files lacks, by file and number of rows', async () => {
      await bench.declare('  planes: {path: data/planes/*.csv}');
      const [header = '', ...lines] = (await readFile(join(exampleData, 'planes.csv'), 'utf8')).trim().split('\n');
      await mkdir(join(bench.folder, 'data', 'planes'));
      await writeFile(
        join(bench.folder, 'data', 'planes', 'a.csv'),
        `${[header, ...lines.slice(0, 100)].join('\n')}\n`,
      );
      const withoutFirst = [header, ...lines.slice(100, 150)].map((line) => line.slice(line.indexOf(',') + 1));
      await writeFile(join(bench.folder, 'data', 'planes', 'b.csv'), `${withoutFirst.join('\n')}\n`);
      const version = await bench.checked('planes');
      expect(version.status).toBe('quarantined');
      expect(broken(version)).toMatchObject([
        { rule: 'same_columns', column: 'tailnum', failedRows: 50, observed: 'not in b.csv: 50 of 150 rows (33.33 %)' },
      ]);
    });

    it('finds a column that is not there at all, and one of another type in one of the files', async () => {
      await bench.writeMonth('01', '* exclude (capstan_file, capstan_row, carrier)');
      expect(broken(await bench.checked()).map(({ rule, column }) => [rule, column])).toEqual([
        ['present', 'carrier'],
        ['key', null],
      ]);
      await bench.addMonths(['01']);
      await bench.writeMonth('02', `${ALL} replace (cast(flight as varchar) as flight)`);
      expect(broken(await bench.checked())).toMatchObject([
        { rule: 'same_types', column: 'flight', observed: 'number in 2013-01.parquet, text in 2013-02.parquet' },
      ]);
    });

    it('finds pages that are damaged though the file opens', async () => {
      await bench.addMonths(['01']);
      const path = join(bench.folder, 'data', 'flights', '2013-01.parquet');
      const bytes = await readFile(path);
      bytes.fill(0xff, 200, 2_000);
      await writeFile(path, bytes);
      const version = await bench.checked();
      expect(version).toMatchObject({ status: 'quarantined', profile: null });
      expect(broken(version)).toMatchObject([
        { rule: 'readable', observed: expect.stringMatching(/^flights\/2013-01\.parquet cannot be read: /) },
      ]);
    });

    it('does not pass what it cannot compare', async () => {
      await bench.writeSuite(
        'columns:\n  carrier: {references: {dataset: airports, column: faa}}\n  time_hour: {range: [0, 1]}\n  origin: {pattern: "("}\n',
      );
      await bench.addMonths(['01']);
      expect(broken(await bench.checked()).map(({ rule, observed }) => [rule, observed])).toEqual(
        [
          ['range', 'the column holds a timestamp, not a number'],
          ['pattern', expect.stringMatching(/missing \)/)],
          ['references', 'no accepted version of airports'],
        ].toSorted(
          (a, b) =>
            ['range', 'pattern', 'references'].indexOf(String(a[0])) -
            ['range', 'pattern', 'references'].indexOf(String(b[0])),
        ),
      );
    });

    it('gives a quarantined version to nobody and builds nothing on it', async () => {
      await bench.addMonths(['01']);
      const good = await bench.checked();
      await bench.writeMonth('02', `${ALL} replace (9999 as distance)`);
      const bad = await bench.checked();
      expect(bad).toMatchObject({ number: good.number + 1, status: 'quarantined', fileCount: 2 });
      expect(await bench.datasets.inQuarantine()).toMatchObject([{ id: bad.id, dataset: 'flights' }]);

      const folder = join(bench.folder, 'workspace');
      const refused = {
        code: 'CONFLICT',
        message: expect.stringMatching(/is quarantined \(range of distance: 1000 of 2000 rows \(50 %\)\)/),
      };
      await expect(bench.datasets.materialise(bad.id, folder)).rejects.toMatchObject(refused);
      await expect(bench.datasets.files(bad.id)).rejects.toMatchObject(refused);
      const where = { eventTimeBefore: 9e12 };
      await expect(
        bench.datasets.derive({ project: 'flights', dataset: 'flights', from: bad.id, where, cause }),
      ).rejects.toMatchObject(refused);
      expect(await readdir(bench.folder)).not.toContain('workspace');
      expect((await bench.datasets.latest('flights', 'flights'))?.id).toBe(good.id);

      await bench.addMonths(['03']);
      const next = await bench.register('flights', ['data/flights/2013-03.parquet']);
      expect(next.files.map((file) => file.path)).toEqual(['2013-01.parquet', '2013-03.parquet']);
      // What comes after it takes its place, while it waits for its check already.
      expect(await bench.datasets.inQuarantine()).toEqual([]);
    });
  });
});
