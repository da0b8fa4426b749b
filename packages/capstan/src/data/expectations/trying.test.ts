import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExpectationTest } from '@capstan/api';
import { describeDatabases } from '#database/testing';
import { cause } from '../testing.ts';
import { openExpectationsBench, type ExpectationsBench } from './testing.ts';
import { expectationJobs } from './index.ts';

/** Hundreds of scans. */
const SLOW_MS = 120_000;
/** Few of them: each column is hit by several faults, and each of those costs a scan. */
const COLUMNS = 'carrier, flight, tailnum, origin, dest, distance, dep_delay, arr_delay, air_time, time_hour';

describeDatabases('tests of expectations', (open) => {
  let bench: ExpectationsBench;
  beforeEach(async () => {
    bench = await openExpectationsBench(await open());
    for (const month of ['01', '02']) await bench.writeMonth(month, COLUMNS);
    await bench.checked();
  });
  afterEach(() => bench.close());

  const asked = { project: 'flights', dataset: 'flights', seed: 7, faults: 1_000, cause };
  async function tested(more: object = {}): Promise<ExpectationTest> {
    const { id } = await bench.expectations.requestTest({ ...asked, ...more });
    await bench.expectations.runTest({ id, cause, isLastTry: false });
    return await bench.expectations.test(id);
  }
  const of = ({ faults }: ExpectationTest, kind: string, ...columns: string[]) =>
    faults.find((fault) => fault.kind === kind && fault.columns.join() === columns.join())!;
  const by = (test: ExpectationTest, kind: string, ...columns: string[]) =>
    of(test, kind, ...columns).caughtBy.map(({ rule, column }) => [rule, column].filter(Boolean).join(' '));

  it('say of each fault which rules find it, and of the others which would', { timeout: SLOW_MS }, async () => {
    const test = await tested();
    expect(test).toMatchObject({
      status: 'done',
      number: 1,
      seed: 7,
      error: null,
      brokenBefore: [],
      suite: { path: 'expectations/flights.yaml' },
    });
    expect(test.injected).toBe(test.faults.length);
    expect(test.caught).toBe(test.faults.filter(({ caught }) => caught).length);
    expect(test.score).toBe(test.caught / test.injected);
    expect(new Set(test.faults.map(({ kind }) => kind)).size).toBe(9);

    expect(by(test, 'nulls', 'carrier')).toEqual(['missing_max carrier']);
    expect(by(test, 'nulls', 'time_hour')).toEqual(['event_time time_hour', 'key']);
    expect(by(test, 'category_typo', 'origin')).toEqual(['domain origin']);
    expect(by(test, 'category_typo', 'carrier')).toEqual(['pattern carrier', 'references carrier']);
    expect(by(test, 'duplicated_rows')).toEqual(['key']);
    expect(by(test, 'stale_file')).toEqual([]);
    expect(by(test, 'swapped_columns', 'origin', 'dest')).toContain('domain origin');
    const [kilometres] = test.faults.filter(({ kind, columns }) => kind === 'unit_change' && columns[0] === 'distance');
    expect(kilometres).toMatchObject({ caught: true, severity: 'error', what: expect.stringMatching(/times 1\.609/) });
    expect(kilometres?.caughtBy.map(({ rule }) => rule)).toContain('mean');

    // Nobody asked for anything of tailnum, and of no whole table but its rows.
    const missing = of(test, 'nulls', 'tailnum');
    expect(missing).toMatchObject({ caught: false, severity: null, caughtBy: [] });
    expect(missing.remedies).toContainEqual({
      rule: 'missing_max',
      column: 'tailnum',
      setting: expect.stringMatching(/^columns\.tailnum\.missing_max: 0/),
      observed: expect.stringMatching(/^\d+ of 2000 rows/),
    });
    expect(of(test, 'constant_column', 'tailnum').remedies.map(({ rule }) => rule)).toContain('distribution');
    expect(of(test, 'stale_file').remedies).toMatchObject([{ rule: 'freshness', setting: 'table.freshness: 335d' }]);
    expect(of(test, 'truncated_file')).toMatchObject({
      caught: false,
      what: 'the second half of 2013-02.parquet is not there',
    });
    expect(of(test, 'truncated_file').remedies[0]).toEqual({
      rule: 'rows_min',
      column: null,
      setting: 'table.rows_min: 1600',
      observed: '1500 rows',
    });
  });

  it('are found by what was written down for them', { timeout: SLOW_MS }, async () => {
    await bench.writeSuite(`table: {freshness: 340d}
columns:
  tailnum: {missing_max: 0.01}
checks:
  - {name: order, sql: "abs(dep_delay - arr_delay) < 200"}
`);
    const test = await tested();
    expect(by(test, 'nulls', 'tailnum')).toEqual(['missing_max tailnum']);
    expect(by(test, 'shuffled_column', 'arr_delay')).toEqual(['check order']);
    expect(by(test, 'stale_file')).toEqual(['freshness']);
  });

  it(
    'are the same for the same seed, others for another, and of every kind where only some are asked for',
    { timeout: SLOW_MS },
    async () => {
      const [first, again, other] = [
        await tested({ faults: 9 }),
        await tested({ faults: 9 }),
        await tested({ faults: 9, seed: 8 }),
      ];
      expect(first.injected).toBe(9);
      expect(again.faults).toEqual(first.faults);
      expect(other.faults.map(({ what }) => what)).not.toEqual(first.faults.map(({ what }) => what));
      expect(new Set(other.faults.map(({ kind }) => kind)).size).toBe(9);
      const page = await bench.expectations.tests({ project: 'flights', dataset: 'flights', limit: 2 });
      expect(page.map(({ id }) => id)).toHaveLength(2);
      const last = page.at(-1)!;
      const rest = await bench.expectations.tests({
        project: 'flights',
        dataset: 'flights',
        after: { createdAt: last.createdAt, id: last.id },
        limit: 9,
      });
      expect(new Set([...page, ...rest].map(({ id }) => id))).toEqual(new Set([first.id, again.id, other.id]));
    },
  );

  it(
    'leave data, versions and reports as they are, and say what broke before any fault',
    { timeout: SLOW_MS },
    async () => {
      const version = await bench.datasets.latest('flights', 'flights');
      await bench.writeSuite('columns:\n  origin: {domain: [JFK]}\n  dest: {missing_max: 0}\n');
      const test = await tested({ faults: 18 });
      expect(test.brokenBefore).toEqual([{ rule: 'domain', column: 'origin' }]);
      expect(test.faults.flatMap(({ caughtBy }) => caughtBy).filter(({ rule }) => rule === 'domain')).toEqual([]);
      expect(await bench.datasets.latest('flights', 'flights')).toEqual(version);
    },
  );

  it('only warn where a rule only warns', { timeout: SLOW_MS }, async () => {
    await bench.writeSuite('columns:\n  dest: {missing_max: 0, severity: warn}\n');
    const test = await tested({ faults: 40 });
    expect(of(test, 'nulls', 'dest')).toMatchObject({ caught: true, severity: 'warn' });
    expect(test.stopped).toBeLessThan(test.caught);
  });

  describe('refuse', () => {
    it('a version that is not there or not accepted, and a file that cannot be read', async () => {
      await expect(bench.expectations.requestTest({ ...asked, version: 9 })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      await expect(bench.expectations.requestTest({ ...asked, dataset: 'planes' })).rejects.toMatchObject({
        code: 'CONFLICT',
      });
      await bench.writeMonth('03', COLUMNS);
      await bench.register();
      await expect(bench.expectations.requestTest({ ...asked, version: 2 })).rejects.toMatchObject({
        code: 'CONFLICT',
      });
      await bench.writeSuite('colums: {}\n');
      await expect(bench.expectations.requestTest(asked)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining("expectations/flights.yaml:1:1: colums: unknown key; did you mean 'columns'?"),
      });
      expect(await bench.expectations.tests({ project: 'flights', dataset: 'flights', limit: 9 })).toEqual([]);
    });
  });

  it('are a job, which ends a test that cannot be made', async () => {
    const { id } = await bench.expectations.requestTest({ ...asked, faults: 3 });
    const [fact] = await bench.events.list({ subject: `expectation-test:${id}`, limit: 9 });
    const handlers = expectationJobs(bench);
    const context = { jobId: 'job_1', attempt: 1, signal: new AbortController().signal, cause: { actor: 'job' } };
    await bench.writeSuite('colums: {}\n');
    await handlers['expectations.test']({ eventSeq: fact!.seq }, context);
    expect(await bench.expectations.test(id)).toMatchObject({
      status: 'failed',
      score: null,
      error: expect.stringContaining('colums: unknown key'),
    });
    await handlers['expectations.test']({ eventSeq: fact!.seq }, context);
    const facts = await bench.events.list({ subject: `expectation-test:${id}`, limit: 9 });
    expect(facts.map(({ type }) => type)).toEqual(['expectation-test.requested', 'expectation-test.ended']);
  });
});
