// For tests only: real flights that are held to expectations.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetVersion, ExpectationResult } from '@capstan/api';
import type { Database } from '#database';
import { exampleData, FLIGHTS, monthFile, openDataBench, type DataBench } from '../testing.ts';

const CHECKED_FLIGHTS = FLIGHTS.replace('}', ', expectations: expectations/flights.yaml}');
export const SUITE = `table: {rows_min: 500, rows_max: 60000, freshness: 400d}
columns:
  carrier: {type: text, missing_max: 0, pattern: "[A-Z0-9]{2}", references: {dataset: airlines, column: carrier}}
  origin: {type: text, domain: [EWR, JFK, LGA]}
  distance: {type: integer, missing_max: 0, range: [1, 6000], mean: [900, 1200]}
  arr_delay: {type: number, missing_max: 0.05, range: [-120, 1500]}
  air_time: {type: integer, range: [10, 400], violations_max: 0.25, severity: warn}
`;

/** All columns of a row of a file, without its place. */
export const ALL = '* exclude (capstan_file, capstan_row)';

export const broken = (version: DatasetVersion): ExpectationResult[] =>
  version.report!.results.filter((result) => !result.passed);

export interface ExpectationsBench extends Omit<DataBench, 'register'> {
  writeSuite(text: string): Promise<void>;
  register(dataset?: string, files?: readonly string[]): Promise<DatasetVersion>;
  /** Registers and checks. */
  checked(dataset?: string): Promise<DatasetVersion>;
  /** A month of real flights, changed by SQL: `columns` of the table `t_rows`. */
  writeMonth(month: string, columns: string, rest?: string): Promise<void>;
}

export async function openExpectationsBench(database: Database): Promise<ExpectationsBench> {
  const data = await openDataBench(database);
  const bench: ExpectationsBench = {
    ...data,
    writeSuite: (text) => writeFile(join(data.folder, 'expectations', 'flights.yaml'), text),
    register: (dataset = 'flights', files) => data.register(files, { dataset }),
    async checked(dataset) {
      const { id } = await bench.register(dataset);
      await bench.checkAll();
      return await bench.datasets.get(id);
    },
    async writeMonth(month, columns, rest = 'where capstan_row <= 1000 order by capstan_row') {
      const source = { path: monthFile(month), format: 'parquet', label: month } as const;
      const path = join(data.folder, 'data', 'flights', `2013-${month}.parquet`);
      const sql = `select ${columns} from t_rows ${rest}`;
      await data.analytics.write({ tables: { t: [source] }, sql }, { path, format: 'parquet' });
    },
  };
  await mkdir(join(bench.folder, 'expectations'));
  await bench.writeSuite(SUITE);
  await bench.declare(`  airlines: {path: data/airlines.csv}\n${CHECKED_FLIGHTS}`);
  await writeFile(join(bench.folder, 'data', 'airlines.csv'), await readFile(join(exampleData, 'airlines.csv')));
  await bench.register('airlines');
  await bench.checkAll();
  return bench;
}

/** A row of what tests put aside: every type that a rule is about. */
export interface GivenRow {
  readonly n: number | null;
  readonly x: number | null;
  readonly t: string | null;
  readonly k: number | null;
  readonly r: string | null;
}

export interface RowsOnly {
  declare(format: 'parquet' | 'csv', rules: string): Promise<void>;
  /** Writes a file of the dataset. */
  write(name: string, format: 'parquet' | 'csv', rows: readonly GivenRow[]): Promise<void>;
}

/** The dataset `rows`, beside the airlines. */
export function rowsOnly(bench: ExpectationsBench): RowsOnly {
  const text = (value: string | null) => (value === null ? 'null' : `'${value}'`);
  return {
    async declare(format, rules) {
      const path = `data/rows/*.${format}`;
      await bench.declare(
        `  airlines: {path: data/airlines.csv}\n  rows: {path: ${path}, expectations: expectations/flights.yaml}`,
      );
      await bench.writeSuite(rules);
    },
    async write(name, format, rows) {
      const values = rows.map(({ n, x, t, k, r }) => {
        const number = x === null ? 'null' : `'${x}'::double`;
        return `(${n}::integer, ${number}, ${text(t)}::varchar, ${k}::bigint, ${text(r)}::varchar)`;
      });
      const sql = `select * from (values ${values.join(', ')}) given(n, x, t, k, r)`;
      await bench.analytics.write({ tables: {}, sql }, { path: join(bench.folder, 'data', 'rows', name), format });
    },
  };
}
