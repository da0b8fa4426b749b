import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, DAY_MS, openFeedbackBench, START, type FeedbackBench } from './testing.ts';

describeDatabases('exports of labelled predictions', (open) => {
  let bench: FeedbackBench;

  beforeEach(async () => {
    bench = await openFeedbackBench(await open());
  });
  afterEach(() => bench.close());

  const on = (day: number, id: string, more: { carrier?: string; revision?: number } = {}) => ({
    id,
    at: START + day * DAY_MS,
    ...more,
  });
  const digests = (version: { files: readonly { path: string; digest: string }[] }) =>
    new Map(version.files.map(({ path, digest }) => [path, digest]));

  it('makes a file for each week, and writes only weeks in which something has changed', async () => {
    await bench.log([on(0, 'a'), on(1, 'b'), on(8, 'c')]);
    await bench.outcomes({ a: 1, b: 0, c: 1 });
    const first = await bench.exportBefore(10);
    expect(first.files.map(({ path, rows }) => [path, rows])).toEqual([
      ['late-arrival-2013-04-01T000000-2013-04-08T000000.parquet', 2],
      ['late-arrival-2013-04-08T000000-2013-04-11T000000.parquet', 1],
    ]);
    expect(first).toMatchObject({ status: 'accepted', rows: 3, eventTime: { min: START, max: START + 8 * DAY_MS } });
    expect(await bench.contents(first)).toEqual(['a 1', 'b 0', 'c 1']);

    await bench.log([on(12, 'd'), on(15, 'e')]);
    await bench.outcomes({ d: 0, e: 1 });
    const written = await writes(bench, () => bench.exportBefore(20));
    expect(written.count).toBe(2);
    expect(digests(written.version).get(first.files[0]!.path)).toBe(first.files[0]!.digest);
    expect(await bench.contents(written.version)).toEqual(['a 1', 'b 0', 'c 1', 'd 0', 'e 1']);
    expect(written.version.files).toHaveLength(3);
  });

  it('gives the same version for the same export again, also when the answer of the first got lost', async () => {
    await bench.log([on(0, 'a'), on(8, 'b')]);
    await bench.outcomes({ a: 1, b: 0 });
    const first = await bench.exportBefore(10);
    const again = await writes(bench, () => bench.exportBefore(10));
    expect(again.version).toEqual(first);
    expect(again.count).toBe(0);
    expect(await bench.datasets.list({ project: 'flights', dataset: 'feedback', limit: 9 })).toHaveLength(1);
  });

  it('takes in outcomes that arrive after their week was exported', async () => {
    await bench.log([on(0, 'a'), on(1, 'b'), on(8, 'c')]);
    await bench.outcomes({ a: 1, c: 0 });
    expect(await bench.contents(await bench.exportBefore(10))).toEqual(['a 1', 'c 0']);
    await bench.outcomes({ b: 1 });
    const later = await writes(bench, () => bench.exportBefore(10));
    expect(await bench.contents(later.version)).toEqual(['a 1', 'b 1', 'c 0']);
    expect(later.count).toBe(1);
  });

  it('takes in outcomes that were there before their predictions', async () => {
    await bench.log([on(0, 'a')]);
    await bench.outcomes({ a: 1, b: 0 });
    expect(await bench.contents(await bench.exportBefore(7))).toEqual(['a 1']);
    await bench.log([on(1, 'b')]);
    expect(await bench.contents(await bench.exportBefore(7))).toEqual(['a 1', 'b 0']);
  });

  it('follows a label that is corrected, and one that is corrected back', async () => {
    await bench.log([on(0, 'a'), on(1, 'b'), on(8, 'c')]);
    await bench.outcomes({ a: 1, b: 0, c: 0 });
    const first = await bench.exportBefore(10);
    await bench.outcomes({ a: 0, b: 1 });
    const corrected = await writes(bench, () => bench.exportBefore(10));
    expect(await bench.contents(corrected.version)).toEqual(['a 0', 'b 1', 'c 0']);
    expect(corrected.count).toBe(1);
    await bench.outcomes({ a: 1, b: 0 });
    expect((await bench.exportBefore(10)).digest).toBe(first.digest);
  });

  it('takes in rows whose inputs are written after the export', async () => {
    await bench.log([on(0, 'a')]);
    const late = await bench.log([on(1, 'b')], { areInputsWritten: false });
    await bench.outcomes({ a: 1, b: 0 });
    expect(await bench.contents(await bench.exportBefore(7))).toEqual(['a 1']);
    await bench.writeInputs(late);
    expect(await bench.contents(await bench.exportBefore(7))).toEqual(['a 1', 'b 0']);
  });

  it('has an example once that was asked for again in another week, also when its first week comes in later', async () => {
    await bench.log([on(8, 'a', { carrier: 'AA', revision: 2 })]);
    await bench.outcomes({ a: 1 });
    expect((await bench.exportBefore(14)).files).toHaveLength(1);
    await bench.log([on(1, 'a', { carrier: 'UA' })]);
    const both = await bench.exportBefore(14);
    expect(await bench.contents(both)).toEqual(['a 1']);
    expect(both).toMatchObject({ status: 'accepted', rows: 1, eventTime: { min: START + DAY_MS } });
  });

  it('exports an earlier window, and a later one again', async () => {
    await bench.log([on(0, 'a'), on(3, 'b'), on(8, 'c')]);
    await bench.outcomes({ a: 1, b: 0, c: 0 });
    const whole = await bench.exportBefore(10);
    const earlier = await bench.exportBefore(2);
    expect(await bench.contents(earlier)).toEqual(['a 1']);
    await bench.outcomes({ c: 1 });
    const later = await bench.exportBefore(10);
    expect(await bench.contents(later)).toEqual(['a 1', 'b 0', 'c 1']);
    expect(digests(later).get(whole.files[0]!.path)).toBe(whole.files[0]!.digest);
    expect(await bench.contents(await bench.exportBefore(10, { from: START + 2 * DAY_MS }))).toEqual(['b 0', 'c 1']);
  });

  it('has the columns of all weeks in each, as models come to take more', async () => {
    await bench.log([on(0, 'a')]);
    await bench.outcomes({ a: 1 });
    const narrow = await bench.exportBefore(7);
    await bench.log([on(8, 'b')], { more: { wind: 3 } });
    await bench.outcomes({ b: 0 });
    const wide = await bench.exportBefore(14);
    expect(wide).toMatchObject({ status: 'accepted', rows: 2 });
    expect(wide.columns.map(({ name }) => name)).toEqual(['example_id', 'event_time', 'carrier', 'wind', 'late']);
    expect(digests(wide).get(narrow.files[0]!.path)).not.toBe(narrow.files[0]!.digest);
    const again = await writes(bench, () => bench.exportBefore(14));
    expect([again.count, again.version.id]).toEqual([0, wide.id]);
  });

  it('keeps every digit of 64-bit integers', async () => {
    await bench.log([on(0, 'a')], { more: { account: '9007199254740993' } });
    await bench.log([on(1, 'b')], { more: { account: '7' } });
    await bench.outcomes({ a: 1, b: 0 });
    const tables = { t: await bench.datasets.files((await bench.exportBefore(7)).id) };
    const sql = 'select account::varchar as account, typeof(account) as type from t order by event_time';
    expect(await bench.analytics.query({ tables, sql })).toEqual([
      { account: '9007199254740993', type: 'BIGINT' },
      { account: '7', type: 'BIGINT' },
    ]);
  });

  it('writes anew where the label has another name, and where a file has gone', async () => {
    await bench.log([on(0, 'a')]);
    await bench.outcomes({ a: 1 });
    const version = await bench.exportBefore(7);
    const renamed = await bench.exportBefore(7, { labelColumn: 'was_late' });
    expect(renamed.columns.at(-1)?.name).toBe('was_late');
    await bench.exportBefore(7);
    await bench.blobs.delete(version.files[0]!.digest as `sha256:${string}`);
    expect(await bench.contents(await bench.exportBefore(7))).toEqual(['a 1']);
  });

  it('takes the place of one file that an earlier version of Capstan wrote', async () => {
    await bench.log([on(0, 'a'), on(8, 'b')]);
    await bench.outcomes({ a: 1, b: 0 });
    const [file] = await bench.datasets.files((await bench.exportBefore(14)).id);
    const old = await bench.datasets.registerFiles({
      project: 'flights',
      dataset: 'feedback',
      files: [{ path: 'late-arrival-old.parquet', source: file!.path }],
      origin: 'predictions',
      replace: true,
      cause,
    });
    const now = await bench.exportBefore(14);
    expect(now.number).toBe(old.number + 1);
    expect(await bench.contents(now)).toEqual(['a 1', 'b 0']);
  });

  it('refuses a window without labelled predictions', async () => {
    await expect(bench.exportBefore(7)).rejects.toThrow(/no labelled predictions/);
    await bench.log([on(0, 'a')]);
    await expect(bench.exportBefore(7)).rejects.toThrow(/no labelled predictions/);
    // A wild event time makes neither thousands of files nor an error.
    await bench.log([{ id: 'wild', at: Date.parse('1970-01-02T00:00:00Z') }]);
    await bench.outcomes({ a: 1, wild: 0 });
    expect(await bench.contents(await bench.exportBefore(7))).toEqual(['wild 0', 'a 1']);
  });

  describe('whatever comes in between exports', () => {
    it('gives what an export of everything at once would', async () => {
      const id = fc.integer({ min: 0, max: 9 }).map(String);
      const step = fc.oneof(
        fc.record({ kind: fc.constant('ask' as const), id, day: fc.integer({ min: 0, max: 20 }) }),
        fc.record({ kind: fc.constant('tell' as const), id, label: fc.constantFrom<0 | 1>(0, 1) }),
        fc.record({ kind: fc.constant('export' as const), day: fc.integer({ min: 1, max: 21 }) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          const mine = await openFeedbackBench(await open());
          try {
            const days = new Map<string, number>();
            const labels = new Map<string, 0 | 1>();
            const check = async (before: number): Promise<void> => {
              const wanted = [...days]
                .filter(([example, day]) => day < before && labels.has(example))
                .toSorted(([a, dayOfA], [b, dayOfB]) => dayOfA - dayOfB || (a < b ? -1 : 1))
                .map(([example]) => `${example} ${labels.get(example)}`);
              if (wanted.length === 0) await expect(mine.exportBefore(before)).rejects.toThrow(/no labelled/);
              else expect(await mine.contents(await mine.exportBefore(before))).toEqual(wanted);
            };
            for (const each of steps) {
              if (each.kind === 'export') await check(each.day);
              else if (each.kind === 'tell') {
                labels.set(each.id, each.label);
                await mine.outcomes({ [each.id]: each.label });
              } else if (!days.has(each.id)) {
                days.set(each.id, each.day);
                await mine.log([on(each.day, each.id)]);
              }
            }
            await check(21);
          } finally {
            await mine.close();
          }
        }),
        { numRuns: 4 },
      );
    });
  });
});

/** How many files an export has written. */
async function writes<Version>(bench: FeedbackBench, work: () => Promise<Version>) {
  const before = new Set(await filesKept(bench));
  const version = await work();
  return { version, count: (await filesKept(bench)).filter((digest) => !before.has(digest)).length };
}

async function filesKept({ database }: FeedbackBench): Promise<string[]> {
  const rows = await database.read.selectFrom('data_files').select('digest').execute();
  return rows.map(({ digest }) => digest);
}
