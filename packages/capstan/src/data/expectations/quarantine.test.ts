import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { DatasetVersion } from '@capstan/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause } from '../testing.ts';
import {
  broken,
  openExpectationsBench,
  rowsOnly,
  type ExpectationsBench,
  type GivenRow,
  type RowsOnly,
} from './testing.ts';

describeDatabases('rows put aside by the check of a version', (open) => {
  let bench: ExpectationsBench;
  let declare: RowsOnly['declare'];
  let write: RowsOnly['write'];
  beforeEach(async () => {
    bench = await openExpectationsBench(await open());
    ({ declare, write } = rowsOnly(bench));
  });
  afterEach(() => bench.close());

  async function check(): Promise<DatasetVersion> {
    const { id } = await bench.register('rows');
    await bench.expectations.check({ versionId: id, cause, isLastTry: false });
    return await bench.datasets.get(id);
  }

  const GOOD: GivenRow = { n: 1, x: 1.5, t: 'a', k: 1, r: 'UA' };
  const rows = (count: number, change: (index: number) => Partial<GivenRow>): GivenRow[] =>
    Array.from({ length: count }, (_, index) => ({ ...GOOD, k: index % 5, ...change(index) }));
  const MARKED = 'columns: {n: {range: [0, 9], on_failure: quarantine_rows}}\n';

  async function checked(name: string, given: readonly GivenRow[]): Promise<DatasetVersion> {
    await mkdir(join(bench.folder, 'data', 'rows'), { recursive: true });
    await write(name, 'parquet', given);
    return await check();
  }

  it('keeps what was registered, tells it as a fact, and takes the same files for the same version', async () => {
    await declare('parquet', MARKED);
    await checked(
      '1.parquet',
      rows(40, () => ({})),
    );
    const version = await checked(
      '2.parquet',
      rows(40, (index) => (index === 7 ? { n: 12 } : {})),
    );
    expect(version).toMatchObject({
      number: 2,
      status: 'accepted',
      rows: 79,
      quarantinedRows: 1,
      quarantine: { rows: 1, rules: [{ rule: 'range', column: 'n', rows: 1 }], registered: { rows: 80 } },
      profile: { rows: 79 },
    });
    const [whole, parted] = version.files;
    expect(whole).toEqual(version.quarantine?.registered.files[0]);
    expect(parted).toMatchObject({ path: '2.parquet', rows: 39 });
    const facts = await bench.events.list({ subject: `dataset-version:${version.id}`, limit: 9 });
    expect(facts.map(({ type }) => type)).toEqual([
      'dataset-version.registered',
      'dataset-version.checked',
      'dataset-version.rows-quarantined',
    ]);
    expect(facts[0]?.payload['digest']).toBe(version.quarantine?.registered.digest);
    expect(facts[2]?.payload).toMatchObject({
      registeredDigest: version.quarantine?.registered.digest,
      digest: version.digest,
      rows: 79,
      quarantinedRows: 1,
      rules: [{ rule: 'range', column: 'n', rows: 1 }],
    });
    expect((await bench.register('rows')).id).toBe(version.id);
    expect(await bench.datasets.latest('flights', 'rows')).toEqual(version);
  });

  it('gives the same bytes for the same rows', async () => {
    await declare('parquet', MARKED);
    const first = await checked(
      '1.parquet',
      rows(400, (index) => (index % 50 === 0 ? { n: 12 } : {})),
    );
    const again = await bench.datasets.requestCheck(first.id, cause);
    expect(again).toMatchObject({ status: 'pending', digest: first.quarantine?.registered.digest });
    await bench.expectations.check({ versionId: again.id, cause, isLastTry: false });
    const second = await bench.datasets.get(again.id);
    expect(second).toMatchObject({
      digest: first.digest,
      quarantine: { parquet: first.quarantine?.parquet, csv: first.quarantine?.csv },
      parents: [{ versionId: first.id }],
    });
  });

  it('takes rows back when the rules ask less, and only of the latest snapshot', async () => {
    await declare('parquet', MARKED);
    const first = await checked(
      '1.parquet',
      rows(40, (index) => (index === 7 ? { n: 12 } : {})),
    );
    await bench.writeSuite('columns: {n: {range: [0, 20]}}\n');
    const { id } = await bench.expectations.recheck(first.id, cause);
    // Asked twice: it is under way.
    expect(
      (await bench.datasets.registerFromFolder({ project: 'flights', dataset: 'rows', replace: false, cause })).id,
    ).toBe(id);
    await bench.expectations.check({ versionId: id, cause, isLastTry: false });
    expect(await bench.datasets.get(id)).toMatchObject({ number: 2, status: 'accepted', rows: 40, quarantine: null });
    await expect(bench.expectations.recheck(first.id, cause)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Version 1 of rows is not its latest snapshot',
    });
  });

  it.each([
    ['a tenth of the rows, unless told', MARKED, 'quarantine', 'at most 10 % of the rows put aside'],
    [
      'a number of rows',
      `${MARKED}quarantine: {rows_max: 4, share_max: 1}`,
      'quarantine',
      'at most 100 % of the rows and at most 4 rows put aside',
    ],
    [
      'a share for one rule',
      'columns: {n: {range: [0, 9], violations_max: 0.1, on_failure: quarantine_rows}}\nquarantine: {share_max: 1}',
      'range',
      'between 0 and 9; others are put aside, at most 10 % of the rows',
    ],
  ])('refuses a version as a whole above %s', async (_, suite, rule, expected) => {
    await declare('parquet', suite);
    const version = await checked(
      '1.parquet',
      rows(40, (index) => (index < 5 ? { n: 12 } : {})),
    );
    expect(version).toMatchObject({ status: 'quarantined', rows: 40, quarantine: null, quarantinedRows: 0 });
    expect(broken(version)).toMatchObject([{ rule, expected, observed: '5 of 40 rows (12.5 %)', failedRows: 5 }]);
  });

  it('judges everything else on the rows that stay', async () => {
    const suite = (mean: string) =>
      `columns: {n: {range: [0, 9], mean: ${mean}, on_failure: {range: quarantine_rows}}}\n`;
    await declare('parquet', suite('[0, 2]'));
    const given = rows(40, (index) => (index === 7 ? { n: 12_000 } : {}));
    expect(await checked('1.parquet', given)).toMatchObject({ status: 'accepted', quarantinedRows: 1 });
    await bench.writeSuite(suite('[3, 4]'));
    const refused = await checked('2.parquet', given);
    expect(refused).toMatchObject({ status: 'quarantined', quarantine: null });
    expect(broken(refused)).toMatchObject([{ rule: 'mean', observed: 'mean 1' }]);
  });

  it('lends its rows by page and by rule, and as files', async () => {
    await declare('parquet', MARKED.replace('}}', '}, t: {domain: [a], on_failure: quarantine_rows}}'));
    const given = rows(60, (index) =>
      index === 3 ? { n: 12, t: 'b' } : index === 50 ? { t: null } : index === 51 ? { t: 'b' } : {},
    );
    const { id } = await checked('1.parquet', given);
    const page = async (query: { offset: number; limit: number; rule?: string }) => {
      const { total, rows: found } = await bench.datasets.quarantinedRows(id, query);
      return { total, rows: found.map(({ row: at, failed }) => [at, ...failed]) };
    };
    expect(await page({ offset: 0, limit: 50 })).toEqual({
      total: 2,
      rows: [
        [4, 'range of n', 'domain of t'],
        [52, 'domain of t'],
      ],
    });
    expect(await page({ offset: 1, limit: 1, rule: 'domain of t' })).toEqual({ total: 2, rows: [[52, 'domain of t']] });
    await expect(page({ offset: 0, limit: 1, rule: 'mean of n' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'query.rule',
    });
    const file = await bench.datasets.quarantineFile(id, 'csv');
    const text = await textOf(await bench.datasets.readFile(file));
    expect(text).toBe(
      'n,x,t,k,r,capstan_source_file,capstan_source_row,capstan_failed_rules\n12,1.5,b,3,UA,1.parquet,4,range of n; domain of t\n1,1.5,b,1,UA,1.parquet,52,domain of t\n',
    );
    await expect(bench.datasets.quarantineFile(id, 'xlsx')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
