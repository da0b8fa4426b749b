import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExpectationResult } from '@capstan/api';
import { describeDatabases } from '#database/testing';
import { ALL, broken, openExpectationsBench, type ExpectationsBench } from './testing.ts';

describeDatabases('expectations across columns and versions', (open) => {
  let bench: ExpectationsBench;
  beforeEach(async () => {
    bench = await openExpectationsBench(await open());
  });
  afterEach(() => bench.close());

  async function resultsWith(suite: string, months = ['01']): Promise<ExpectationResult[]> {
    await bench.writeSuite(suite);
    await bench.addMonths(months);
    return (await bench.checked()).report!.results;
  }
  const only = (results: readonly ExpectationResult[], rule: string) => results.filter((each) => each.rule === rule);

  describe('checks', () => {
    it('holds each row to a statement across its columns, and shows the columns that it speaks of', async () => {
      const sql = 'arr_time is null or dep_time is not null';
      expect(only(await resultsWith(`checks:\n  - {name: left-first, sql: "${sql}"}\n`), 'check left-first')).toEqual([
        expect.objectContaining({ passed: true, failedRows: 0, column: null, severity: 'error', expected: sql }),
      ]);
      await bench.writeMonth(
        '01',
        `${ALL} replace (case when capstan_row = 7 then null else dep_time end as dep_time)`,
      );
      const version = await bench.checked();
      expect(version.status).toBe('quarantined');
      const [result] = broken(version);
      expect(result).toMatchObject({ rule: 'check left-first', failedRows: 1 });
      expect(result?.examples[0]).toMatchObject({ file: '2013-01.parquet', row: 7 });
      expect(
        Object.keys(result?.examples[0]?.values ?? {})
          .slice(0, 2)
          .toSorted(),
      ).toEqual(['arr_time', 'dep_time']);
    });

    it('takes unknown for kept, counts a share, and only warns where it is asked to', async () => {
      const results = await resultsWith(`checks:
  - {name: unknown, sql: 'arr_delay > -1000 -- a comment'}
  - {name: some, sql: "origin <> 'JFK'", violations_max: 0.9}
  - {name: none, sql: "origin <> 'JFK'", severity: warn}
`);
      expect(only(results, 'check unknown')[0]).toMatchObject({ passed: true, failedRows: 0 });
      expect(only(results, 'check some')[0]).toMatchObject({ passed: true });
      expect(only(results, 'check some')[0]?.failedRows).toBeGreaterThan(100);
      expect(only(results, 'check none')[0]).toMatchObject({ passed: false, severity: 'warn' });
    });

    it.each([
      ['a column that is not there', 'no_such > 1', /no_such/],
      ['no expression', 'origin =', /syntax error|Parser/],
      ['a window', 'row_number() over () > 0', /window/i],
      ['a file of the machine', "exists (select 1 from read_text('/etc/hostname'))", /Permission|disabled/],
    ])('says of %s that it cannot be evaluated, and judges the others', async (_, sql, words) => {
      const results = await resultsWith(
        `checks:\n  - {name: odd, sql: "${sql}"}\n  - {name: fine, sql: "distance > 0"}\n`,
      );
      expect(only(results, 'check odd')[0]).toMatchObject({
        passed: false,
        observed: expect.stringMatching(new RegExp(`^cannot be evaluated: .*(${words.source})`, words.flags)),
      });
      expect(only(results, 'check fine')[0]).toMatchObject({ passed: true });
    });

    it('lays a value that stops the engine to the statement that met it', async () => {
      const results = await resultsWith(`columns: {distance: {range: [1, 6000]}}
checks:
  - {name: odd, sql: "cast(tailnum as integer) > 0"}
  - {name: fine, sql: "distance > 0"}
`);
      expect(only(results, 'check odd')[0]?.observed).toMatch(/^cannot be evaluated: .*Could not convert/);
      expect([...only(results, 'check fine'), ...only(results, 'range')]).toMatchObject([
        { passed: true },
        { passed: true },
      ]);
    });
  });

  describe('figures of a column and of the table', () => {
    it('counts different values', async () => {
      const results = await resultsWith('columns:\n  origin: {distinct: [3, 3]}\n  carrier: {distinct: [100, null]}\n');
      expect(only(results, 'distinct')).toMatchObject([
        {
          column: 'origin',
          passed: true,
          observed: '3 different values',
          expected: 'between 3 and 3 different values',
        },
        { column: 'carrier', passed: false, expected: 'at least 100 different values' },
      ]);
    });

    it('holds the number of rows against the latest accepted version', async () => {
      const suite = 'table: {rows_change_max: 0.5}\n';
      expect(only(await resultsWith(suite), 'rows_change_max')[0]).toMatchObject({
        passed: true,
        observed: 'no accepted version yet',
      });
      expect(only(await resultsWith(suite, ['02']), 'rows_change_max')[0]).toMatchObject({
        passed: false,
        expected: 'at most 50 % more or fewer rows than the latest accepted version',
        observed: '2000 rows after 1000',
      });
    });
  });

  describe('distributions', () => {
    const suite = `columns:
  distance: {distribution: {distance_max: 0.05}}
  carrier: {distribution: {against: accepted}}
  time_hour: {distribution: {against: 1}}
`;

    it('passes the first version, and the next one where it is spread alike', async () => {
      expect(only(await resultsWith('columns: {distance: {distribution: {}}}\n'), 'distribution')).toMatchObject([
        { passed: true, observed: 'no accepted version yet' },
      ]);
      await bench.writeMonth('02', ALL, 'where capstan_row between 1001 and 2000 order by capstan_row');
      const results = await resultsWith('columns: {distance: {distribution: {}}, carrier: {distribution: {}}}\n', []);
      expect(only(results, 'distribution')).toMatchObject([
        { column: 'distance', passed: true, observed: expect.stringMatching(/^0\.0\d+ to version 1$/) },
        { column: 'carrier', passed: true },
      ]);
    });

    it('finds kilometres, other carriers and another month', async () => {
      await resultsWith('columns: {}\n');
      await bench.writeSuite(suite);
      await bench.writeMonth(
        '01',
        `${ALL} replace (cast(round(distance * 1.609344) as integer) as distance, 'ZZ' as carrier,
           time_hour + interval 60 day as time_hour)`,
      );
      const version = await bench.checked();
      expect(only(broken(version), 'distribution')).toMatchObject([
        { column: 'distance', expected: 'Jensen-Shannon distance to the latest accepted version at most 0.05' },
        { column: 'carrier', observed: '1 to version 1' },
        { column: 'time_hour', observed: '1 to version 1' },
      ]);
    });

    it('does not pass what it cannot compare', async () => {
      const results = await resultsWith('columns: {distance: {distribution: {against: 7}}}\n');
      expect(only(results, 'distribution')[0]).toMatchObject({
        passed: false,
        observed: 'there is no accepted version 7',
      });
    });
  });

  it.each([
    [
      'checks:\n  - {name: a, sql: "1 = 1"}\n  - {name: a, sql: "2 = 2"}\n',
      '2:3: checks: two checks have the same name',
    ],
    ['checks:\n  - {name: A B, sql: "1 = 1"}\n', '2:12: checks[0].name: use lower-case letters'],
    ['checks:\n  - {name: a, sq: "1"}\n', "2:15: checks[0].sq: unknown key; did you mean 'sql'?"],
    ['columns: {a: {distribution: {against: previous}}}\n', '1:39: columns.a.distribution.against: write accepted, or'],
    ['columns: {a: {distinct: [5, 1]}}\n', 'columns.a.distinct: the first number must not be above the second'],
    ['table: {rows_change_max: -1}\n', '1:26: table.rows_change_max: '],
  ])('names line and column of %j', async (text, message) => {
    const [result] = only(await resultsWith(text), 'expectations');
    expect(result?.observed).toMatch(/^expectations\/flights\.yaml:\d+:\d+: /);
    expect(result?.observed).toContain(message);
  });
});
