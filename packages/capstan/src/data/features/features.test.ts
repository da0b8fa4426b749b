import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DatasetVersion } from '@capstan/api';
import { describeDatabases } from '#database/testing';
import type { DataRow } from '#ports/analytics';
import { randomIds } from '#ports/ids';
import { cause, openDataBench, type DataBench } from '../testing.ts';
import { createFeatures, type Features } from './index.ts';

const HOUR_MS = 3_600_000;
const START = Date.parse('2013-01-01T00:00:00Z');
const iso = (hours: number): string => new Date(START + hours * HOUR_MS).toISOString();

const PRICES = `  prices: {path: data/prices.csv, event_time: seen}
  trades: {path: data/trades.csv, event_time: bought}`;
const VIEW = 'features:\n  quote: {entities: [stock], event_time: seen, sql: quote.sql';

type Price = readonly [hours: number, stock: string, price: number | null];
type Trade = readonly [hours: number, stock: string];

describeDatabases('feature views', (open) => {
  let bench: DataBench;
  let features: Features;

  beforeEach(async () => {
    bench = await openDataBench(await open());
    features = createFeatures({ ...bench, ids: randomIds, temporaryFolder: join(bench.folder, '..', 'tmp') });
    bench.clock.time = START + 1_000 * HOUR_MS;
    await declare();
  });
  afterEach(() => bench.close());

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(bench.folder, path)), { recursive: true });
    await writeFile(join(bench.folder, path), text);
  }

  async function declare(sql = 'select stock, seen, price, price > 10 as dear from prices', rest = ''): Promise<void> {
    await write('quote.sql', sql);
    await bench.declare(`${PRICES}\n${VIEW}${rest}}`);
  }

  async function register(dataset: string, text: string): Promise<DatasetVersion> {
    await write(`data/${dataset}.csv`, text);
    const { id } = await bench.register(undefined, { dataset, replace: true });
    await bench.checkAll();
    return await bench.datasets.get(id);
  }

  const prices = (rows: readonly Price[]) =>
    register(
      'prices',
      `seen,stock,price\n${rows.map(([at, stock, price]) => `${iso(at)},${stock},${price ?? ''}`).join('\n')}\n`,
    );
  const trades = (rows: readonly Trade[]) =>
    register('trades', `bought,stock,n\n${rows.map(([at, stock], n) => `${iso(at)},${stock},${n}`).join('\n')}\n`);

  async function train(asked = ['quote:price']): Promise<DataRow[]> {
    const request = {
      project: 'flights',
      features: asked,
      rows: { dataset: 'trades' },
      fullFeatureNames: false,
      cause,
    };
    const { digest } = await features.makeTrainingSet(request);
    const path = await bench.blobs.localFile(digest as `sha256:${string}`);
    const file = { path, format: 'parquet', label: 'set' } as const;
    return await bench.analytics.query({ tables: { t: [file] }, sql: 'select * from t' });
  }

  const online = async (stocks: readonly string[], asked = ['quote:price']) =>
    await features.online({
      project: 'flights',
      features: asked,
      entities: { stock: stocks },
      fullFeatureNames: false,
    });

  describe('a training set', () => {
    it('gives each row what was known at its time, in the order of the rows', async () => {
      await prices([
        [1, 'a', 5],
        [3, 'a', 20],
        [2, 'b', 7],
        [4, 'b', null],
      ]);
      await trades([
        [3, 'a'],
        [2.5, 'a'],
        [0, 'a'],
        [9, 'b'],
        [9, 'c'],
      ]);
      expect((await train(['quote'])).map(({ n, stock, price, dear }) => [n, stock, price, dear])).toEqual([
        [0, 'a', 20, true],
        [1, 'a', 5, false],
        [2, 'a', null, null],
        [3, 'b', null, null],
        [4, 'c', null, null],
      ]);
    });

    it('never looks into the future, nor further back than the view counts, whatever the rows are', async () => {
      const stock = fc.constantFrom('a', 'b');
      const hour = fc.integer({ min: 0, max: 20 });
      const given = fc.record({
        seen: fc.uniqueArray(fc.tuple(hour, stock, fc.integer({ min: 1, max: 99 })), {
          minLength: 1,
          maxLength: 15,
          selector: ([at, name]) => `${at} ${name}`,
        }),
        asked: fc.array(fc.tuple(hour, stock), { minLength: 1, maxLength: 10 }),
        ttl: fc.option(fc.integer({ min: 1, max: 10 })),
      });
      await fc.assert(
        fc.asyncProperty(given, async ({ seen, asked, ttl }) => {
          await declare(undefined, ttl === null ? '' : `, ttl: ${ttl}h`);
          await prices(seen);
          await trades(asked);
          const expected = asked.map(([at, name]) => {
            const known = seen.filter(([when, other]) => other === name && when <= at && when >= at - (ttl ?? 99));
            return known.toSorted((a, b) => b[0] - a[0])[0]?.[2] ?? null;
          });
          expect((await train()).map(({ price }) => price)).toEqual(expected);
        }),
        { numRuns: 12 },
      );
    });

    it('is made once, and made again when the data or the view has changed', async () => {
      await prices([[1, 'a', 5]]);
      await trades([[3, 'a']]);
      const make = () =>
        features.makeTrainingSet({
          project: 'flights',
          features: ['quote:price'],
          rows: { dataset: 'trades' },
          fullFeatureNames: false,
          cause,
        });
      const first = await make();
      expect(await make()).toEqual(first);
      expect(await features.trainingSet(first.id)).toEqual(first);
      expect(first).toMatchObject({ rows: 1, features: ['quote:price'], eventTime: 'bought' });
      await declare('select stock, seen, price + 1 as price from prices');
      const second = await make();
      expect(second.id).not.toBe(first.id);
      await prices([[2, 'a', 8]]);
      expect((await make()).versions).not.toEqual(second.versions);
      const made = (await bench.events.list({ limit: 1_000 })).filter(({ type }) => type === 'training-set.made');
      expect(made).toHaveLength(3);
    });

    it.each([
      ['selec 1', /quote\.sql cannot be computed: syntax error/, 'features.quote.sql'],
      [
        'select stock, seen, prise from prices',
        /quote\.sql cannot be computed: .*"prise" not found/,
        'features.quote.sql',
      ],
      ['select stock, price from prices', /quote\.sql gives no column 'seen'/, 'features.quote'],
      ['select stock, seen from prices', /no column besides entities/, 'features.quote'],
      [
        'select stock, seen, price from prices union all select stock, seen, 0 from prices',
        /gives 2 rows for stock = "a" at 2013-01-01T01:00:00.000Z/,
        'features.quote.sql',
      ],
      ['select null::varchar as stock, seen, price from prices', /gives a row without entity/, 'features.quote.sql'],
      [
        'select stock, null::timestamp as seen, price from prices',
        /without seen \(stock = "a"\)/,
        'features.quote.sql',
      ],
    ])('a view that is %s is refused', async (sql, message, field) => {
      await prices([[1, 'a', 5]]);
      await trades([[3, 'a']]);
      await declare(sql);
      await expect(train(['quote'])).rejects.toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          field,
          message: expect.stringMatching(message) as string,
        }),
      );
      const [view] = await features.list('flights');
      // Single rows are looked at when it is computed.
      if (!/^.*gives? (a row|2 rows)|without/.test(message.source)) expect(view?.fault).toMatch(message);
    });

    it('rows that cannot be joined are refused, and so is a feature with the name of a column', async () => {
      await prices([[1, 'a', 5]]);
      await trades([[3, 'a']]);
      await declare('select stock, seen, price as n from prices');
      await expect(train(['quote'])).rejects.toThrow(/trades has a column 'n' of its own/);
      await register('trades', 'bought,stock\n2013-01-01T00:00:00Z,7\n');
      await expect(train(['quote'])).rejects.toThrow(/stock is integer in trades and text in quote/);
      await register('trades', 'bought,share\n2013-01-01T00:00:00Z,a\n');
      await expect(train(['quote'])).rejects.toThrow(/trades has no column 'stock', by which quote is joined/);
    });
  });

  describe('the online store', () => {
    it('gives what a training set would give now', async () => {
      await declare(undefined, ', ttl: 990h');
      await prices([
        [1, 'a', 5],
        [3, 'a', 20],
        [50, 'b', null],
        [12, 'c', 9],
        [2_000, 'c', 99],
      ]);
      await features.materialize('flights', 'quote', cause);
      const stocks = ['a', 'b', 'c', 'd'];
      await trades(stocks.map((name) => [1_000, name]));
      const { rows, featureNames } = await online(stocks, ['quote']);
      expect(featureNames).toEqual(['price', 'dear']);
      expect(rows.map(({ values }) => values)).toEqual(
        (await train(['quote'])).map(({ price, dear }) => [price, dear]),
      );
      expect(rows.map(({ statuses }) => statuses[0])).toEqual([
        'OUTSIDE_MAX_AGE',
        'NULL_VALUE',
        'PRESENT',
        'NOT_FOUND',
      ]);
      expect(rows[2]).toEqual({
        values: [9, false],
        statuses: ['PRESENT', 'PRESENT'],
        eventTimes: [START + 12 * HOUR_MS, START + 12 * HOUR_MS],
      });
    });

    it('writes what has changed, and takes out what is gone', async () => {
      await prices([
        [1, 'a', 5],
        [1, 'b', 6],
        [1, 'c', 7],
      ]);
      const materialize = () => features.materialize('flights', 'quote', cause);
      expect(await materialize()).toMatchObject({ number: 1, entities: 3, written: 3, removed: 0 });
      expect(await materialize()).toMatchObject({ number: 2, entities: 3, written: 0, removed: 0 });
      await prices([
        [1, 'a', 5],
        [2, 'b', 8],
      ]);
      expect(await materialize()).toMatchObject({ entities: 2, written: 1, removed: 1, newest: START + 2 * HOUR_MS });
      const { rows } = await online(['a', 'b', 'c']);
      expect(rows.map(({ values }) => values[0])).toEqual([5, 8, null]);
    });

    it('says why a view could not be brought up to date, and goes on giving what it had', async () => {
      await prices([[1, 'a', 5]]);
      await features.materialize('flights', 'quote', cause);
      await declare('select stock, seen, prise from prices');
      await expect(features.materialize('flights', 'quote', cause)).rejects.toThrow(/"prise" not found/);
      const [view] = await features.list('flights');
      expect(view?.lastMaterialization).toMatchObject({ number: 2, status: 'failed' });
      expect(view?.lastMaterialization?.reason).toMatch(/"prise" not found/);
      expect((await online(['a'])).rows[0]?.values).toEqual([5]);
    });

    it('follows the data: views that read it, and only those', async () => {
      await write('other.sql', 'select stock, bought, n from trades');
      await declare(undefined, '}\n  other: {entities: [stock], event_time: bought, sql: other.sql, online: true');
      await prices([[1, 'a', 5]]);
      const signal = new AbortController().signal;
      await features.follow('flights', 'prices', cause, signal);
      const lasts = async () =>
        (await features.list('flights')).map(({ name, lastMaterialization }) => [name, lastMaterialization?.number]);
      expect(await lasts()).toEqual([
        ['quote', 1],
        ['other', undefined],
      ]);
      await trades([[1, 'a']]);
      await features.follow('flights', 'trades', cause, signal);
      expect(await lasts()).toEqual([
        ['quote', 1],
        ['other', 1],
      ]);
      await write('other.sql', 'select stock, bought, m from trades');
      await features.follow('flights', 'trades', cause, signal);
      const [, other] = await features.list('flights');
      expect(other?.lastMaterialization).toMatchObject({ number: 2, status: 'failed' });
    });

    it('refuses what it cannot look up', async () => {
      await prices([[1, 'a', 5]]);
      await expect(online(['a'])).rejects.toThrow(
        expect.objectContaining({ code: 'CONFLICT', message: 'quote has not been materialized' }),
      );
      await features.materialize('flights', 'quote', cause);
      const ask = (entities: Record<string, (string | number)[]>) =>
        features.online({ project: 'flights', features: ['quote'], entities, fullFeatureNames: false });
      await expect(ask({ share: ['a'] })).rejects.toThrow(/looked up by stock, which is not given/);
      await expect(ask({ stock: [1] })).rejects.toThrow(/stock is text, and 1 is none/);
      await expect(ask({ stock: ['a'], other: [] })).rejects.toThrow(/other has 0 values and stock has 1/);
    });
  });

  describe('the check', () => {
    const everyHour = Array.from({ length: 40 }, (_, at): Price => [at, at % 2 === 0 ? 'a' : 'b', at]);

    it('passes a view of the past', async () => {
      await declare(`select stock, seen, avg(price) over (partition by stock order by seen
        range between interval 5 hours preceding and current row) as price from prices`);
      await prices(everyHour);
      await features.materialize('flights', 'quote', cause);
      const found = await features.check('flights', 'quote', cause);
      expect(found).toMatchObject({
        passed: true,
        leakage: { passed: true, uncut: [], examples: [] },
        skew: { passed: true, materialization: 1, isStale: false, entities: 2 },
      });
      expect(found.leakage.cuts.map(({ rows }) => rows)).toEqual([20, 36]);
      expect((await features.list('flights'))[0]?.lastCheck).toEqual(found);
    });

    it('finds a view whose past depends on its future', async () => {
      await declare('select stock, seen, price - avg(price) over (partition by stock) as price from prices');
      await prices(everyHour);
      const { passed, leakage } = await features.check('flights', 'quote', cause);
      expect(passed).toBe(false);
      expect(leakage.cuts.map(({ rows, different }) => [rows, different])).toEqual([
        [20, 20],
        [36, 36],
      ]);
      expect(leakage.examples).toHaveLength(10);
      expect(leakage.examples[0]).toMatchObject({ feature: 'price', entity: { stock: expect.any(String) as string } });
    });

    it('finds a label that is used before it arrives', async () => {
      await bench.declare(`  prices: {path: data/prices.csv, event_time: seen, label: {column: price, arrives_after: 3h}}
  trades: {path: data/trades.csv, event_time: bought}
${VIEW}}`);
      await prices(everyHour);
      const { leakage } = await features.check('flights', 'quote', cause);
      // The rows of the last three hours before each cut.
      expect(leakage.cuts.map(({ different }) => different)).toEqual([3, 3]);
    });

    it('says what it could not cut', async () => {
      await bench.declare(`  prices: {path: data/prices.csv}
  trades: {path: data/trades.csv, event_time: bought}
${VIEW}}`);
      await prices(everyHour);
      const { leakage } = await features.check('flights', 'quote', cause);
      expect(leakage).toEqual({ passed: true, cuts: [], uncut: ['prices'], examples: [] });
    });

    it('finds what the online store says otherwise', async () => {
      await prices(everyHour);
      await features.materialize('flights', 'quote', cause);
      await prices([...everyHour.slice(0, -1), [39, 'b', 1], [41, 'c', 2]]);
      const { skew } = await features.check('flights', 'quote', cause);
      expect(skew).toMatchObject({ passed: false, isStale: true, entities: 3, different: 1, missing: 1 });
      expect(skew.examples).toEqual([
        { entity: { stock: 'b' }, eventTime: START + 39 * HOUR_MS, feature: 'price', left: 1, right: 39 },
        { entity: { stock: 'b' }, eventTime: START + 39 * HOUR_MS, feature: 'dear', left: false, right: true },
      ]);
    });
  });
});
