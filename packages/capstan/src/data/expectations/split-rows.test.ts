import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '#database';
import type { DataFile, DataRow } from '#ports/analytics';
import type { Digest } from '#ports/blob-store';
import { cause } from '../testing.ts';
import { broken, openExpectationsBench, rowsOnly, type ExpectationsBench, type GivenRow } from './testing.ts';

/** Rows are put aside for each kind of rule that a row breaks by itself. */
const RULES = `columns:
  n: {range: [0, 9], on_failure: quarantine_rows}
  x: {missing_max: 0, on_failure: quarantine_rows}
  t: {domain: [a, b], on_failure: {domain: quarantine_rows}}
  k: {unique: true, on_failure: quarantine_rows}
  r: {references: {dataset: airlines, column: carrier}, on_failure: quarantine_rows}
checks:
  - {name: sum, sql: n + k < 14, on_failure: quarantine_rows}
quarantine: {share_max: 1}
`;

/** What a row breaks, by SQL's logic: an unknown truth breaks nothing. */
function brokenRules({ n, x, t, k, r }: GivenRow, seen: Set<number>): string[] {
  const isAgain = k !== null && seen.has(k);
  if (k !== null) seen.add(k);
  return [
    ...(n !== null && (n < 0 || n > 9) ? ['range of n'] : []),
    ...(x === null || Number.isNaN(x) ? ['missing_max of x'] : []),
    ...(t !== null && t !== 'a' && t !== 'b' ? ['domain of t'] : []),
    ...(n !== null && k !== null && n + k >= 14 ? ['check sum'] : []),
    ...(isAgain ? ['unique of k'] : []),
    ...(r !== null && r !== 'UA' ? ['references of r'] : []),
  ];
}

/** Breaks no rule, and has a value in each column. */
const typed = (index: number): GivenRow => ({ n: 0, x: 1.5, t: 'a', k: -1 - index, r: 'UA' });

// What the files say; the databases are the business of quarantine.test.ts.
describe('the rows of a version that is split', () => {
  let bench: ExpectationsBench;
  let database: Database;
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'split-rows-'));
    database = await openDatabase({ url: `sqlite:${join(home, 'capstan.db')}` });
    bench = await openExpectationsBench(database);
  });
  afterEach(async () => {
    await bench.close();
    await database.close();
    await rm(home, { recursive: true });
  });

  const local = async (file: { digest: string }, format: 'parquet' | 'csv'): Promise<DataFile> => ({
    path: await bench.blobs.localFile(file.digest as Digest),
    format,
    label: 'part',
  });

  async function read(files: readonly { digest: string }[], format: 'parquet' | 'csv'): Promise<DataRow[]> {
    if (files.length === 0) return [];
    const data = await Promise.all(files.map((file) => local(file, format)));
    const sql = 'select * exclude (capstan_file, capstan_row) from data_rows order by capstan_file, capstan_row';
    return await bench.analytics.query({ tables: { data }, sql });
  }

  const row = fc.record<GivenRow>({
    n: fc.option(fc.integer({ min: -2, max: 11 })),
    x: fc.option(fc.constantFrom(1.5, Number.NaN, -0.25)),
    t: fc.option(fc.constantFrom('a', 'b', 'c', 'a, "b"')),
    k: fc.option(fc.integer({ min: 0, max: 12 })),
    r: fc.option(fc.constantFrom('UA', 'XX')),
  });

  it.each(['parquet', 'csv'] as const)(
    'loses no row of %s files, and says of each what it broke',
    async (format) => {
      const { declare, write } = rowsOnly(bench);
      await declare(format, RULES);
      const folder = join(bench.folder, 'data', 'rows');
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(row, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 }),
          async (drawn) => {
            // A column of a CSV file without any value is of text, and cannot be added up.
            const files = format === 'csv' ? drawn.map((rows, index) => [typed(index), ...rows]) : drawn;
            await rm(folder, { recursive: true, force: true });
            await mkdir(folder, { recursive: true });
            for (const [index, rows] of files.entries()) await write(`${index}.${format}`, format, rows);
            const registered = await bench.datasets.registerFromFolder({
              project: 'flights',
              dataset: 'rows',
              replace: true,
              cause,
            });
            const seen = new Set<number>();
            const judged = files.flatMap((rows, file) =>
              rows.map((each, index) => ({
                file: `${file}.${format}`,
                row: index + 1,
                failed: brokenRules(each, seen),
              })),
            );
            await bench.expectations.check({ versionId: registered.id, cause, isLastTry: false });
            const version = await bench.datasets.get(registered.id);
            const bad = judged.filter(({ failed }) => failed.length > 0);
            if (bad.length === judged.length) {
              expect(version).toMatchObject({ status: 'quarantined', quarantine: null, digest: registered.digest });
              return;
            }
            expect(broken(version)).toEqual([]);
            expect(version).toMatchObject({
              status: 'accepted',
              rows: judged.length - bad.length,
              quarantinedRows: bad.length,
            });
            const whole = (await read(registered.files, format)).map((cells) =>
              JSON.stringify(Object.values(cells).map(String)),
            );
            const stay = (await read(version.files, format)).map((cells) =>
              JSON.stringify(Object.values(cells).map(String)),
            );
            expect(stay).toEqual(whole.filter((_, index) => judged[index]?.failed.length === 0));
            const aside = version.quarantine ? await read([version.quarantine.parquet], 'parquet') : [];
            expect(
              aside.map(({ capstan_source_file: file, capstan_source_row: at, capstan_failed_rules: failed }) => ({
                file,
                row: Number(at),
                failed,
              })),
            ).toEqual(bad);
            expect(aside.map(({ n, x, t, k, r }) => JSON.stringify([n, x, t, k, r].map(String)))).toEqual(
              whole.filter((_, index) => judged[index]?.failed.length !== 0),
            );
          },
        ),
        { numRuns: 6 },
      );
    },
    120_000,
  );
});
