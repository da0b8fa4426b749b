import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeDatabases } from '#database/testing';
import { quoteText } from '#ports/analytics';
import { cause } from '../testing.ts';
import { broken, openExpectationsBench, type ExpectationsBench } from './testing.ts';
import { writeSuite } from './write-suite.ts';

describeDatabases('suggested expectations', (open) => {
  let bench: ExpectationsBench;
  beforeEach(async () => {
    bench = await openExpectationsBench(await open());
  });
  afterEach(() => bench.close());

  it('are made of real flights, and hold on them', async () => {
    await bench.writeSuite('{}');
    await bench.addWholeMonth('01');
    const { id } = await bench.checked();
    const { text, rules } = await bench.expectations.suggest(id);
    const lines = text.split('\n');
    expect(lines[0]).toMatch(/^# Suggested from version 1 of flights: 27004 rows/);
    // Figures of the month as pandas 3.1 has them; see the profile's test.
    expect(lines).toContain('  rows_min: 21603 # 27004 rows');
    expect(text).toContain(`  carrier:
    type: text # text in every file
    missing_max: 0 # none missing
    domain: ["9E", AA, AS, B6, DL, EV, F9, FL, HA, MQ, OO, UA, US, VX, WN, YV] # all 16 values
`);
    expect(text).toContain(`  arr_delay:
    type: integer # integer in every file
    missing_max: 0.05 # 606 of 27004 missing
    range: [-410, 1700] # -70 to 1272
    mean: [-4, 17] # mean 6.13, standard deviation 40.42
    distinct: [180, null] # 361 different values
`);
    expect(text).toContain('    pattern: "[A-Z]{3}" # every value; such as "ALB"\n');
    expect(rules.length).toBeGreaterThan(60);
    expect(await bench.expectations.suggest(id)).toMatchObject({ text });

    await bench.writeSuite(text);
    await bench.addMonths(['02']);
    const next = await bench.checked();
    expect(broken(next)).toEqual([]);
    expect(next.report?.results.length).toBeGreaterThan(rules.length);
  });

  it('hold on whatever they were made from', { timeout: 120_000 }, async () => {
    await bench.declare('  things: {path: data/things.parquet, expectations: expectations/flights.yaml}');
    const text = fc.oneof(
      fc.constantFrom('a', 'B', 'null', 'true', '1e3', '', ' x', '# no', "it's", 'ü', '"', 'a: b', '\\', 'a\nb', '🙂'),
      fc.string({ maxLength: 12 }).filter((value) => !value.includes('\0')),
    );
    const number = fc.oneof(
      fc.constantFrom('0', '-1', '1e300', '-1e300', "'nan'", "'infinity'", '0.1', '1e-9', '-0.0'),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    const cell = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { freq: 6 });
    const row = fc.tuple(
      cell(fc.maxSafeInteger()),
      cell(number),
      cell(text),
      cell(fc.boolean()),
      cell(fc.integer({ min: 0, max: 3 })),
    );
    const names = fc.uniqueArray(
      fc.oneof(
        fc.constantFrom('null', 'no', '1', 'a b', 'é', "o'clock", 'key: x', '~', '#'),
        fc.stringMatching(/^[a-z]{1,8}$/),
      ),
      {
        minLength: 5,
        maxLength: 5,
        selector: (name) => name.toLowerCase(),
      },
    );
    let turn = 0;
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.array(row, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 30 }),
        async (columns, rows, times) => {
          turn += 1;
          await bench.writeSuite('{}');
          const path = join(bench.folder, 'data', 'things.parquet');
          await rm(path, { force: true });
          const types = ['bigint', 'double', 'varchar', 'boolean', 'integer'];
          const values = rows.map((cells) => {
            const written = cells.map((value, index) =>
              value === null ? 'null' : index === 2 ? quoteText(String(value)) : String(value),
            );
            return `(${written.map((value, index) => `cast(${value} as ${types[index]})`).join(', ')})`;
          });
          const named = columns.map((name) => `"${name}"`).join(', ');
          const sql = `select ${named} from (values ${values.join(', ')}) t(${named}), range(${times}) r(turn) order by turn`;
          await bench.analytics.write({ tables: {}, sql }, { path, format: 'parquet' });
          const { id } = await bench.register('things');
          await bench.checkAll();
          const { text: suggested } = await bench.expectations.suggest(id);
          expect(() => parse(suggested) as unknown, suggested).not.toThrow();
          await bench.writeSuite(suggested);
          const asked = { project: 'flights', dataset: 'things', seed: turn, faults: 1, cause };
          const { id: test } = await bench.expectations.requestTest(asked);
          await bench.expectations.runTest({ id: test, cause, isLastTry: false });
          expect((await bench.expectations.test(test)).brokenBefore, `${turn}: ${suggested}`).toEqual([]);
        },
      ),
      { numRuns: 4 },
    );
  });

  it('say why there are none', async () => {
    await bench.addMonths(['01']);
    const { id } = await bench.register();
    await expect(bench.expectations.suggest(id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(bench.expectations.suggest('dv_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the file', () => {
  it('has a comment a rule, and quotes what YAML would take for something else', () => {
    const rules = [
      { column: null, rule: 'rows_min', value: 3, from: '4 rows' },
      { column: 'no', rule: 'domain', value: ['yes', '1', 'a b', 'x'], from: 'a\nb' },
      { column: 'a: b', rule: 'range', value: [null, 1.5], from: 'x' },
    ];
    expect(writeSuite(['head'], rules)).toBe(`# head
table:
  rows_min: 3 # 4 rows
columns:
  "no":
    domain: ["yes", "1", "a b", x] # a b
  "a: b":
    range: [null, 1.5] # x
`);
    expect(parse(writeSuite(['head'], []))).toEqual({});
  });
});
