import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openDataBench, type DataBench } from '../testing.ts';

describeDatabases('comparing versions of a dataset', (open) => {
  let bench: DataBench;
  beforeEach(async () => {
    bench = await openDataBench(await open());
    await bench.declare(`  things: {path: data/things.csv, key: [id]}
  flights: {path: data/flights/*.parquet, event_time: time_hour, key: [carrier, flight, origin, time_hour]}`);
  });
  afterEach(() => bench.close());

  async function version(dataset: string, files: Record<string, string>): Promise<string> {
    for (const [path, text] of Object.entries(files)) await writeFile(join(bench.folder, 'data', path), text);
    const { id } = await bench.register(
      Object.keys(files).map((path) => `data/${path}`),
      { dataset, replace: true },
    );
    await bench.checkAll();
    return id;
  }

  it('tells columns, rows by key, and cells that changed', async () => {
    const a = await version('things', { 'things.csv': 'id,size,kind,old\n1,10,x,0\n2,20,y,0\n3,30,,0\n4,40,z,0\n' });
    const b = await version('things', {
      'things.csv': 'id,kind,size,new\n2,y,20.0,1\n3,z,30.5,1\n4,q,40,1\n5,x,50,1\n',
    });
    const diff = await bench.datasets.diff(a, b);
    expect(diff.schemaChanges).toEqual({
      added: [expect.objectContaining({ name: 'new' })],
      removed: [expect.objectContaining({ name: 'old' })],
      changed: [{ name: 'size', before: 'BIGINT', after: 'DOUBLE' }],
    });
    expect(diff.files).toEqual({ added: 0, removed: 0, changed: 1, same: 0 });
    expect(diff.rows).toEqual({
      key: ['id'],
      isDeclared: true,
      added: 1,
      removed: 1,
      changed: 2,
      same: 1,
      cells: [
        { column: 'kind', rows: 2 },
        { column: 'size', rows: 1 },
      ],
      examples: { added: [{ id: '5' }], removed: [{ id: '1' }], changed: [{ id: '3' }, { id: '4' }] },
    });
    expect(diff.columns.map(({ name }) => name).toSorted()).toEqual(['id', 'kind', 'size']);
    expect(diff.columns.find(({ name }) => name === 'kind')).toMatchObject({
      missing: { before: 1, after: 0 },
      bins: [
        { label: 'x', before: 1, after: 1 },
        { label: 'y', before: 1, after: 1 },
        { label: 'z', before: 1, after: 1 },
        { label: 'other', before: 0, after: 1 },
        { label: 'missing', before: 1, after: 0 },
      ],
    });
  });

  it('says nothing of a version and itself, and the mirror image the other way round', async () => {
    const a = await version('things', { 'things.csv': 'id,size\n1,10\n2,20\n' });
    const b = await version('things', { 'things.csv': 'id,size\n2,21\n3,30\n4,40\n' });
    const same = await bench.datasets.diff(a, a);
    expect(same.rows).toMatchObject({ added: 0, removed: 0, changed: 0, same: 2, cells: [] });
    expect(same.columns.map(({ distance, stability }) => [distance, stability])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const [there, back] = [await bench.datasets.diff(a, b), await bench.datasets.diff(b, a)];
    expect(there.rows).toMatchObject({ added: 2, removed: 1, changed: 1, same: 0 });
    expect(back.rows).toMatchObject({ added: 1, removed: 2, changed: 1, same: 0 });
  });

  it('compares whole rows where no key is declared, as often as they come', async () => {
    await bench.declare('  bare: {path: data/bare.csv}');
    const a = await version('bare', { 'bare.csv': 'a,b\n1,x\n1,x\n2,y\n3,z\n' });
    const b = await version('bare', { 'bare.csv': 'a,b\n1,x\n2,z\n3,z\n3,z\n' });
    expect((await bench.datasets.diff(a, b)).rows).toEqual({
      key: ['a', 'b'],
      isDeclared: false,
      added: 2,
      removed: 2,
      changed: null,
      same: 2,
      cells: [],
      examples: {
        added: [
          { a: '2', b: 'z' },
          { a: '3', b: 'z' },
        ],
        removed: [
          { a: '1', b: 'x' },
          { a: '2', b: 'y' },
        ],
        changed: [],
      },
    });
  });

  it('reads only files that one of them lacks, and tells real months apart', async () => {
    const january = await bench.accepted(['01']);
    const both = await bench.accepted(['02']);
    const diff = await bench.datasets.diff(january.id, both.id);
    expect(diff.files).toEqual({ added: 1, removed: 0, changed: 0, same: 1 });
    expect(diff.rows).toMatchObject({ added: 1_000, removed: 0, changed: 0, same: 1_000, isDeclared: true });
    expect(diff.rows.examples.added).toHaveLength(5);
    expect(diff.rows.examples.added[0]).toMatchObject({
      carrier: '9E',
      time_hour: expect.stringMatching(/^2013-02-0\dT\d\d:00:00Z$/),
    });
    // The greatest change is what a month changes most: month itself, from one value to two.
    expect(diff.columns[0]).toMatchObject({ name: expect.stringMatching(/^(month|time_hour)$/) });
    const distance = diff.columns.find(({ name }) => name === 'distance')!;
    expect(distance.distance).toBeGreaterThan(0);
    expect(distance.distance).toBeLessThan(0.1);
    for (const side of ['before', 'after'] as const) {
      const rows = side === 'before' ? 1_000 : 2_000;
      for (const { name, bins } of diff.columns) {
        expect(
          bins.reduce((total, bin) => total + bin[side], 0),
          name,
        ).toBe(rows);
        expect(Math.min(...bins.map((bin) => bin[side])), name).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('refuses versions that are not there or of another project', async () => {
    const { id } = await bench.accepted(['01']);
    await expect(bench.datasets.diff(id, 'dv_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('looking at rows', () => {
    it('gives any page, over the edges of files, with what a file lacks as missing', async () => {
      const { id } = await bench.accepted(['01', '02']);
      const { rows, version: of } = await bench.datasets.preview(id, { offset: 998, limit: 4 });
      expect(rows.map(({ file, row }) => [file, row])).toEqual([
        ['2013-01.parquet', 999],
        ['2013-01.parquet', 1_000],
        ['2013-02.parquet', 1],
        ['2013-02.parquet', 2],
      ]);
      const month = of.columns.findIndex(({ name }) => name === 'month');
      expect(rows.map(({ values }) => values[month])).toEqual([1, 1, 2, 2]);
      expect((await bench.datasets.preview(id, { offset: 2_000, limit: 4 })).rows).toEqual([]);
    });
  });

  it('tells what was cut from a version', async () => {
    const { id } = await bench.accepted(['01']);
    const where = { eventTimeBefore: Date.parse('2013-01-02T00:00:00Z') };
    const cut = await bench.datasets.derive({ project: 'flights', dataset: 'flights', from: id, where, cause });
    expect((await bench.datasets.derivedFrom(id)).map((found) => found.id)).toEqual([cut.id]);
    expect(await bench.datasets.derivedFrom(cut.id)).toEqual([]);
  });
});
