import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFormatOf, type Analytics, type DataFile } from './analytics.ts';

const failingWith = (code: string, text: RegExp) =>
  expect.objectContaining({ name: 'DomainError', code, message: expect.stringMatching(text) });

/**
 * What every analytics engine keeps. `parquetFolder` holds Parquet files of one schema with the columns `carrier`, `flight`,
 * `distance` and `time_hour` (an instant), in the order of their names.
 */
export function describeAnalytics(
  name: string,
  open: (temporaryFolder: string) => Analytics,
  parquetFolder: string,
): void {
  describe(`analytics contract: ${name}`, () => {
    let folder: string;
    let analytics: Analytics;
    let months: DataFile[];

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'analytics-'));
      await mkdir(join(folder, 'spill'));
      analytics = open(join(folder, 'spill'));
      const names = (await readdir(parquetFolder)).toSorted().slice(0, 2);
      months = names.map((label) => ({ path: join(parquetFolder, label), format: 'parquet', label }));
    });
    afterEach(() => rm(folder, { recursive: true }));

    async function file(label: string, content: string | Uint8Array): Promise<DataFile> {
      const path = join(folder, label);
      await writeFile(path, content);
      const format = dataFormatOf(label);
      if (!format) throw new Error(label);
      return { path, format, label };
    }

    describe('reading', () => {
      it('tells columns, their families and rows of a Parquet and of a CSV file', async () => {
        const [month] = months as [DataFile];
        const facts = await analytics.inspect(month);
        const types = Object.fromEntries(facts.columns.map((column) => [column.name, column.type]));
        expect(types).toMatchObject({ carrier: 'text', flight: 'integer', time_hour: 'timestamp' });
        const [counted] = await analytics.query({ tables: { t: [month] }, sql: 'select count(*) as n from t' });
        expect(facts.rows).toBe(counted?.['n']);

        const csv = await file('x.csv', 'a,b,c,d,e\n1,x,true,2013-01-31,1.5\n2,"y,""z",false,2013-02-01,2\n');
        const inspected = await analytics.inspect(csv);
        expect(inspected.rows).toBe(2);
        expect(inspected.columns.map((column) => column.type)).toEqual([
          'integer',
          'text',
          'boolean',
          'date',
          'number',
        ]);
      });

      it('takes the types of a CSV column from all its rows', async () => {
        const rows = Array.from({ length: 30_000 }, (_, index) => String(index));
        const csv = await file('late.csv', `a\n${rows.join('\n')}\nlate\n`);
        expect(await analytics.columnsOf([csv])).toMatchObject([{ name: 'a', type: 'text' }]);
      });

      it('gives values as cells: instants in UTC, whole numbers beyond 2^53 as text, lists and structs', async () => {
        const sql = `select timestamptz '2013-01-01 05:00:00+02' as zoned, timestamp '2013-01-01 05:00:00.25' as naive,
          date '2013-01-01' as day, 9007199254740993 as large, 12::bigint as small, 1.25::decimal(9, 2) as decimal,
          [1::bigint, null] as list, {a: [true], b: 'x'} as struct, map {'k': 1} as map, 'nan'::double as nan, null as none`;
        expect(await analytics.query({ tables: {}, sql })).toEqual([
          {
            zoned: '2013-01-01T03:00:00Z',
            naive: '2013-01-01T05:00:00.25Z',
            day: '2013-01-01',
            large: '9007199254740993',
            small: 12,
            decimal: 1.25,
            list: [1, null],
            struct: { a: [true], b: 'x' },
            map: [{ key: 'k', value: 1 }],
            nan: Number.NaN,
            none: null,
          },
        ]);
      });

      it('matches columns of several files by name and says where each row stands', async () => {
        const first = await file('1.csv', 'a,b\n1,x\n2,y\n');
        const second = await file('2.csv', 'b,a,c\nz,3,new\n');
        const sql = 'select a, b, c, capstan_file, capstan_row from t_rows order by capstan_file, capstan_row';
        expect(await analytics.query({ tables: { t: [first, second] }, sql })).toEqual([
          { a: 1, b: 'x', c: null, capstan_file: 0, capstan_row: 1 },
          { a: 2, b: 'y', c: null, capstan_file: 0, capstan_row: 2 },
          { a: 3, b: 'z', c: 'new', capstan_file: 1, capstan_row: 1 },
        ]);
      });

      it('gives rows in portions of so many, in their order, and stops when nobody reads any more', async () => {
        const question = {
          tables: {},
          sql: `select i as n, 't' || i as t, 2::bigint ** 60 + i as wide from range(5000) r(i)`,
        };
        const sizes: number[] = [];
        const seen: unknown[] = [];
        for await (const { rows, columns } of analytics.portions(question, 1_500)) {
          sizes.push(rows);
          seen.push(...(columns['n'] ?? []));
          expect(columns['t']?.[0]).toBe(`t${seen.length - rows}`);
        }
        expect(sizes).toEqual([1_500, 1_500, 1_500, 500]);
        expect(seen).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
        for await (const { rows } of analytics.portions(question, 10)) {
          expect(rows).toBe(10);
          break;
        }
        const bad = analytics.portions({ tables: { t: months }, sql: 'select nothing from t' }, 10);
        await expect(bad[Symbol.asyncIterator]().next()).rejects.toThrow(/nothing/);
        for await (const portion of analytics.portions({ tables: {}, sql: 'select 1 as a limit 0' }, 10))
          throw new Error(`${portion.rows} rows`);
      });

      it('takes tables in memory, nulls, lists and numbers of any size among them', async () => {
        const values = {
          a: ['float', [0.5, Number.NaN, -0]],
          b: ['bigint', [2n ** 60n, null, -1n]],
          c: ['varchar', ['x', null, 'é']],
          d: ['boolean', [true, false, null]],
          e: ['utinyint', Uint8Array.of(0, 1, 255)],
          f: ['double[]', [[1, null], [], null]],
        } as const;
        const columns = Object.entries(values).map(([name, [type, of]]) => ({
          name,
          type,
          valueAt: (row: number) => of[row] ?? null,
        }));
        const memory = { v: { rows: 3, columns } };
        expect(await analytics.query({ tables: {}, memory, sql: 'select * from v' })).toEqual([
          { a: 0.5, b: '1152921504606846976', c: 'x', d: true, e: 0, f: [1, null] },
          { a: Number.NaN, b: null, c: null, d: false, e: 1, f: [] },
          { a: -0, b: -1, c: 'é', d: null, e: 255, f: null },
        ]);
      });

      it('numbers the rows of Parquet files within each file', async () => {
        const sql = `select capstan_file as file, min(capstan_row) as first, max(capstan_row) as last, count(*) as n
                       from t_rows group by 1 order by 1`;
        const rows = await analytics.query({ tables: { t: months }, sql });
        expect(rows).toHaveLength(2);
        for (const [index, row] of rows.entries()) {
          expect(row).toMatchObject({ file: index, first: 1, last: row['n'] });
        }
      });

      it('reads newline-delimited JSON', async () => {
        const ndjson = await file('x.ndjson', '{"a":1,"b":{"c":[1,2]}}\n{"a":2.5}\n');
        expect(await analytics.query({ tables: { t: [ndjson] }, sql: 'select a, b from t' })).toEqual([
          { a: 1, b: { c: [1, 2] } },
          { a: 2.5, b: null },
        ]);
      });

      it('reads newline-delimited JSON as the columns it is said to have, and guesses nothing', async () => {
        const jsonTypes = { a: 'varchar', b: 'double', c: 'boolean', d: 'double' } as const;
        const ndjson = await file('x.ndjson', '{"a":"2013-01-02","b":1,"c":null}\n{"c":true,"b":0.1,"a":"x"}\n');
        const sql = 'select *, typeof(b) as type from t';
        expect(await analytics.query({ tables: { t: [{ ...ndjson, jsonTypes }] }, sql })).toEqual([
          { a: '2013-01-02', b: 1, c: null, d: null, type: 'DOUBLE' },
          { a: 'x', b: 0.1, c: true, d: null, type: 'DOUBLE' },
        ]);
      });

      it('knows the columns of an answer', async () => {
        const csv = await file('x.csv', 'a,b\n1,x\n');
        const sql = 'with c as (select a + 0.5 as "a b", b from t) select *, now() as at from c -- and no more';
        const columns = await analytics.columnsOfAnswer({ tables: { t: [csv] }, sql });
        expect(columns.map(({ name, type }) => [name, type])).toEqual([
          ['a b', 'number'],
          ['b', 'text'],
          ['at', 'timestamp'],
        ]);
      });

      it('takes parameters by name', async () => {
        const csv = await file('x.csv', "a,b\n1,it's\n2,x\n");
        const question = { tables: { t: [csv] }, sql: 'select a from t where b = $b and a < $most' };
        expect(await analytics.query({ ...question, parameters: { b: "it's", most: 1.5 } })).toEqual([{ a: 1 }]);
        expect(await analytics.queryColumns({ ...question, parameters: { b: 'x', most: 3 } })).toEqual({ a: [2] });
      });
    });

    describe('refusing', () => {
      it.each([
        ['half of a Parquet file', 'half.parquet', 'parquet'],
        ['an empty file', 'empty.csv', ''],
        ['bytes that are no text', 'bytes.csv', 'bytes'],
        ['a CSV file cut off in a row', 'cut.csv', `a,b\n${'1,2\n'.repeat(50)}1`],
        ['a quote that does not end', 'quote.csv', 'a,b\n1,"x\n2,y\n'],
      ])('says that %s cannot be read, by its label and without its path', async (_, label, content) => {
        const whole = await readFile((months[0] as DataFile).path);
        const bytes =
          content === 'parquet'
            ? whole.subarray(0, whole.length / 2)
            : content === 'bytes'
              ? whole.subarray(0, 5_000)
              : content;
        const broken = await file(label, bytes);
        const error = await analytics.inspect(broken).catch((thrown: unknown) => thrown);
        expect(error).toEqual(failingWith('INVALID_ARGUMENT', new RegExp(`^${label} cannot be read: \\S`)));
        expect((error as Error).message).not.toContain(folder);
      });

      it('names the line of a CSV file that is cut off', async () => {
        const broken = await file('cut.csv', `a,b\n${'1,2\n'.repeat(50)}1`);
        await expect(analytics.inspect(broken)).rejects.toEqual(
          failingWith('INVALID_ARGUMENT', /line 52 has 1 columns/),
        );
      });

      it('names the file at fault among several', async () => {
        const whole = await readFile((months[0] as DataFile).path);
        const broken = await file('half.parquet', whole.subarray(0, whole.length / 2));
        const asked = analytics.query({ tables: { t: [...months, broken] }, sql: 'select max(distance) from t' });
        await expect(asked).rejects.toEqual(failingWith('INVALID_ARGUMENT', /^half\.parquet cannot be read/));
      });

      it.each([
        ['a file it was not given', `select * from read_text('/etc/hostname')`],
        ['a directory', `select * from glob('/etc/*')`],
        ['the network', `select * from read_csv('http://127.0.0.1:9/x.csv')`],
        ['its own settings', `select 1; set memory_limit = '1GB'`],
        ['other files to write', `copy (select 1) to '/tmp/capstan-must-not-exist.csv'`],
      ])('lets no question reach %s', async (_, sql) => {
        const csv = await file('x.csv', 'a\n1\n');
        await expect(analytics.query({ tables: { t: [csv] }, sql })).rejects.toThrow(
          /Permission|locked|disabled|Binder|not found|2 statements/,
        );
      });

      it('stops when it is told to, with the reason given', async () => {
        const stop = new AbortController();
        const asked = analytics.query({
          tables: {},
          sql: 'select max(hash(a.range)) from range(100000000) a, range(1000) b',
          signal: stop.signal,
        });
        setTimeout(() => stop.abort(new Error('enough')), 200);
        await expect(asked).rejects.toThrow('enough');
        expect(await analytics.query({ tables: {}, sql: 'select 1 as one' })).toEqual([{ one: 1 }]);
      });
    });

    describe('writing', () => {
      const everything = 'select * from t where distance > $least order by time_hour, carrier, flight, tailnum, dest';

      it.each(['parquet', 'csv', 'ndjson'] as const)(
        'writes the same bytes for the same rows as %s, and reads them back',
        async (format) => {
          const digests: string[] = [];
          for (const name of ['a', 'b']) {
            const path = join(folder, `${name}.${format}`);
            const rows = await analytics.write(
              { tables: { t: months }, sql: everything, parameters: { least: 500 } },
              { path, format },
            );
            digests.push(
              createHash('sha256')
                .update(await readFile(path))
                .digest('hex'),
            );
            const written = await analytics.inspect({ path, format, label: name });
            expect(written.rows).toBe(rows);
            const [source] = months as [DataFile];
            const names = (await analytics.inspect(source)).columns.map((column) => column.name);
            expect(written.columns.map((column) => column.name)).toEqual(names);
          }
          expect(digests[0]).toBe(digests[1]);
        },
      );

      it('writes lines of JSON that everybody reads, whatever the numbers', async () => {
        const path = join(folder, 'numbers.ndjson');
        const sql = `select 'it''s "x"' as a, unnest(['nan'::float, 1.5, '-inf']) as b, ['nan'::double, 2] as c,
          [['inf'::double], null, [0.1]] as d, null::double[] as e, 9007199254740993 as f`;
        expect(await analytics.write({ tables: {}, sql }, { path, format: 'ndjson' })).toBe(3);
        const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
        const rest = { a: `it's "x"`, c: [null, 2], d: [[null], null, [0.1]], e: null };
        expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
          { ...rest, b: null },
          { ...rest, b: 1.5 },
          { ...rest, b: null },
        ]);
        expect(lines[0]).toContain('"f":9007199254740993');
        await rm(path);
      });

      it('leaves nothing behind when it fails', async () => {
        const path = join(folder, 'x.parquet');
        await expect(
          analytics.write({ tables: { t: months }, sql: `select error('no') from t` }, { path, format: 'parquet' }),
        ).rejects.toThrow();
        expect((await readdir(folder)).toSorted()).toEqual(['spill']);
      });
    });
  });
}
