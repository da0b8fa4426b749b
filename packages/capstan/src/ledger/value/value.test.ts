import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { confidenceSequence } from '#kernel/statistics/asymptotic-confidence-sequence';
import { areaUnderRoc } from '#kernel/statistics/classification-metrics';
import { addValue, NO_VALUES } from '#kernel/statistics/running-moments';
import { seededRandom } from '#kernel/statistics/testing/seeded-random';
import { answeredPages } from './store.ts';
import { setup, THRESHOLD, type Answer } from './testing.ts';

const DAY = 86_400_000;
const MAY = Date.UTC(2013, 4, 1);
const JUNE = Date.UTC(2013, 5, 1);
const ofFlights = { project: 'flights', by: 'month' as const };

/** May: answers without a baseline. Their outcomes (3 of 4 positive) come on 2 May, before the answers of June. */
async function twoMonths(at: Awaited<ReturnType<typeof setup>>) {
  await at.deploy();
  await at.log([
    { id: 'a', at: MAY, probability: 0.8 },
    { id: 'b', at: MAY, probability: 0.5 },
    { id: 'c', at: MAY, probability: 0.1 },
    { id: 'd', at: MAY, probability: 0.5 },
  ]);
  at.setClock(MAY + DAY);
  await at.outcomes([
    { id: 'late-arrival:a', label: 1 },
    { id: 'b', label: 0 },
    { id: 'c', label: 1 },
    { id: 'd', label: 1 },
  ]);
  at.setClock(JUNE);
  await at.log([
    { id: 'e', at: JUNE, probability: 0.1 },
    { id: 'f', at: JUNE, probability: 0.9 },
    { id: 'g', at: JUNE, probability: 0.9 },
    { id: 'h', at: JUNE, probability: 0.3, role: 'canary', version: 2 },
  ]);
  at.setClock(JUNE + DAY);
  await at.outcomes([
    { id: 'e', label: 0 },
    { id: 'f', label: 1 },
    { id: 'h', label: 0 },
  ]);
}

const close = (value: number) => expect.closeTo(value, 12);
const closeTo = (value: number) => expect.closeTo(value, 9);
const nats = (...chances: number[]) =>
  close(-chances.reduce((sum, chance) => sum + Math.log(chance), 0) / chances.length);

describeDatabases('value', (open) => {
  test('worth what the charter says, beside the constant known at the time, by month', async () => {
    const at = await setup(await open(), MAY);
    await twoMonths(at);
    const { rows, total, currency } = await at.value.summary(ofFlights);
    expect(currency).toBe('USD');
    expect(rows).toEqual([
      {
        key: '2013-05',
        from: MAY,
        before: JUNE,
        version: null,
        answered: 4,
        labelled: 4,
        pending: 0,
        // 12 - 4 - 6 + 12
        value: 14,
        valuePerPrediction: 3.5,
        logLoss: nats(0.8, 0.5, 0.1, 0.5),
        // Of the pairs ab cb db: one won, one lost, one tied.
        auc: 0.5,
        baseline: null,
        difference: null,
      },
      {
        key: '2013-06',
        from: JUNE,
        before: Date.UTC(2013, 6, 1),
        version: null,
        answered: 4,
        labelled: 3,
        pending: 1,
        // 0 + 12 - 4
        value: 8,
        valuePerPrediction: close(8 / 3),
        logLoss: nats(0.9, 0.9, 0.7),
        auc: 1,
        // The constant is (3 + 1) / (4 + 2), so it always acts: -4 + 12 - 4.
        baseline: { n: 3, value: 4, valuePerPrediction: close(4 / 3), logLoss: nats(1 / 3, 2 / 3, 1 / 3) },
        difference: {
          n: 3,
          value: 4,
          valuePerPrediction: { mean: close(4 / 3), lower: null, upper: null },
          logLoss: { mean: nats(0.9 * 3, 0.9 * 1.5, 0.7 * 3), lower: null, upper: null },
        },
      },
    ]);
    // Of the 12 pairs of a c d f with b e h: a over 3, c ties with e, d over 2 and ties with b, f over 3.
    expect(total).toMatchObject({ key: 'total', answered: 8, labelled: 7, value: 22, auc: close(9 / 12) });
    expect(total.difference).toMatchObject({ n: 3, value: 4 });
  });

  test('by version, week and day, and in a window of event time', async () => {
    const at = await setup(await open(), MAY);
    await twoMonths(at);
    await at.log([
      { id: 'i', at: JUNE + DAY, eventTime: JUNE + 2 * DAY, probability: 0.25, role: 'fallback', version: 0 },
    ]);
    const keys = async (by: 'version' | 'week' | 'day', window = {}) =>
      (await at.value.summary({ project: 'flights', by, ...window })).rows.map((row) => [row.key, row.value]);
    expect(await keys('version')).toEqual([
      ['fallback', null],
      ['late/1', 26],
      ['late/2', -4],
    ]);
    expect(await keys('week')).toEqual([
      ['2013-W18', 14],
      ['2013-W22', 8],
      ['2013-W23', null],
    ]);
    expect(await keys('day')).toEqual([
      ['2013-05-01', 14],
      ['2013-06-01', 8],
      ['2013-06-03', null],
    ]);
    expect(await keys('day', { from: MAY + 1, before: JUNE + 1 })).toEqual([['2013-06-01', 8]]);
    await expect(at.value.summary({ ...ofFlights, from: 5, before: 5 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'query.before',
    });
    await expect(at.value.summary({ ...ofFlights, project: 'flight' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('an outcome or an answer that comes twice counts once; another label replaces the first', async () => {
    const at = await setup(await open(), MAY);
    await twoMonths(at);
    const before = await at.value.summary(ofFlights);
    expect(await at.outcomes([{ id: 'e', label: 0 }])).toMatchObject({ repeated: 1 });
    await at.log([{ id: 'e', at: JUNE, probability: 0.1 }]);
    expect((await at.value.summary(ofFlights)).rows).toEqual(before.rows);
    await at.outcomes([{ id: 'e', label: 1 }]);
    // A miss: -6 in place of 0, where the constant would have won 12.
    expect((await at.value.summary(ofFlights)).rows[1]).toMatchObject({
      labelled: 3,
      value: 2,
      baseline: { n: 3, value: 20 },
      difference: { value: -18 },
    });
  });

  test('what no caller was given does not count: shadows, direct calls, answers that failed', async () => {
    const at = await setup(await open(), MAY);
    await twoMonths(at);
    const before = await at.value.summary(ofFlights);
    await at.log([
      { id: 'e', at: JUNE, probability: 0.99, role: 'shadow', version: 2 },
      { id: 'f', at: JUNE, probability: 0.01, role: 'direct', version: 2 },
      { id: 'h', at: JUNE, probability: null, role: 'canary', version: 3 },
    ]);
    expect((await at.value.summary(ofFlights)).rows).toEqual(before.rows);
    // What stood in for the failed canary was given to the caller.
    await at.log([{ id: 'h', at: JUNE, probability: 0.1, role: 'fallback', version: 1 }]);
    expect((await at.value.summary(ofFlights)).rows[1]).toMatchObject({ answered: 5, labelled: 4, value: 8 });
  });

  test('unmeasured is null: nothing deployed, nothing answered, no outcome', async () => {
    const at = await setup(await open(), MAY);
    expect(await at.value.summary(ofFlights)).toMatchObject({
      rows: [],
      budgets: [],
      total: { answered: 0, value: null },
    });
    await at.deploy();
    expect(await at.value.summary(ofFlights)).toMatchObject({
      rows: [],
      budgets: [{ deployment: 'late-arrival', budget: { spent: null, n: 0 }, breaker: { state: 'closed' } }],
    });
    await at.log([{ id: 'a', at: MAY, probability: 0.8 }]);
    const { rows, total } = await at.value.summary(ofFlights);
    const unmeasured = {
      answered: 1,
      labelled: 0,
      pending: 1,
      value: null,
      valuePerPrediction: null,
      logLoss: null,
      auc: null,
      baseline: null,
      difference: null,
    };
    expect(rows).toMatchObject([unmeasured]);
    expect(total).toMatchObject(unmeasured);
  });

  test('an outcome that arrives at the instant of an answer was not known to it', async () => {
    const at = await setup(await open(), MAY);
    await at.deploy();
    await at.log([{ id: 'a', at: MAY, probability: 0.8 }]);
    at.setClock(MAY + 10);
    await at.outcomes([{ id: 'a', label: 1 }]);
    await at.log([
      { id: 'b', at: MAY + 10, probability: 0.8 },
      { id: 'c', at: MAY + 11, probability: 0.8 },
    ]);
    at.setClock(MAY + 20);
    await at.outcomes([
      { id: 'b', label: 1 },
      { id: 'c', label: 1 },
    ]);
    expect((await at.value.summary(ofFlights)).total.baseline).toEqual({
      n: 1,
      value: 12,
      valuePerPrediction: 12,
      logLoss: nats(2 / 3),
    });
  });

  test('the loss budget: spent against the baseline in its window, then an open breaker and why', async () => {
    const at = await setup(await open(), MAY);
    await at.deploy();
    const answers = Array.from({ length: 30 }, (_, index) => ({ id: `x${index}`, at: MAY, probability: 0.9 }));
    await at.log(answers);
    const budget = async () => (await at.value.summary(ofFlights)).budgets[0];
    at.setClock(MAY + 1_000);
    await at.outcomes(answers.slice(0, 10).map(({ id }) => ({ id, label: 0 })));
    await at.judge();
    // Each costs 4 that the constant of 0.1, below the threshold, would not have.
    expect(await budget()).toMatchObject({ budget: { amount: 100, spent: 40, n: 10 }, breaker: { state: 'closed' } });
    at.setClock(MAY + 1_000 + DAY);
    expect(await budget()).toMatchObject({ budget: { spent: null, n: 0 } });
    await at.outcomes(answers.slice(10).map(({ id }) => ({ id, label: 0 })));
    expect(await budget()).toMatchObject({ budget: { spent: 80, n: 20 } });
    await at.log(answers.slice(0, 5).map(({ id }) => ({ id: `y${id}`, at: MAY + DAY, probability: 0.9 })));
    await at.outcomes(answers.slice(0, 5).map(({ id }) => ({ id: `y${id}`, label: 0 })));
    await at.judge();
    at.setClock(MAY + 9 * DAY);
    expect(await budget()).toMatchObject({
      budget: { spent: 100, n: 25, until: MAY + 1_000 + DAY },
      breaker: { state: 'open', changedAt: MAY + 1_000 + DAY, reason: expect.stringContaining('loss budget') },
    });
  });

  test.each([1, 2, 3, 100])('pages of %i rows hold every answer once, also where event times tie', async (pageRows) => {
    const database = await open();
    const at = await setup(database, MAY);
    await at.deploy();
    const offsets = [0, 0, 0, 0, 1, 2, 2, 5, 5, 9];
    await at.log(
      offsets.map((offset, index) => ({ id: `x${index}`, at: MAY, eventTime: MAY + offset, probability: index / 10 })),
    );
    const read: number[] = [];
    for await (const page of answeredPages(database.read, 'late-arrival', MAY, MAY + 9, pageRows)) {
      read.push(...page.map(({ probability }) => Math.round(probability * 10)));
    }
    expect(read.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('equals what the kernel computes answer by answer', async () => {
    const at = await setup(await open(), MAY);
    await at.deploy();
    const random = seededRandom(7);
    const received: { label: 0 | 1; at: number }[] = [];
    const expected = { labels: [] as number[], scores: [] as number[], loss: NO_VALUES, value: NO_VALUES };
    for (let day = 0; day < 6; day++) {
      const time = MAY + day * DAY;
      at.setClock(time);
      const answers: (Answer & { label: 0 | 1 })[] = Array.from({ length: 60 }, (_, index) => ({
        id: `${day}-${index}`,
        at: time + index,
        probability: Math.round(random.uniform() * 20) / 21 + 0.01,
        label: random.chance(0.1 + 0.05 * day) ? 1 : 0,
      }));
      await at.log(answers);
      for (const { probability, label, at: answeredAt } of answers) {
        const known = received.filter((outcome) => outcome.at < answeredAt);
        expected.labels.push(label);
        expected.scores.push(probability ?? 0);
        if (known.length === 0) continue;
        const base = (known.filter((outcome) => outcome.label === 1).length + 1) / (known.length + 2);
        const lossOf = (chance: number) => -Math.log(label === 1 ? chance : 1 - chance);
        const worth = (chance: number) => (chance >= THRESHOLD ? (label === 1 ? 12 : -4) : label === 1 ? -6 : 0);
        expected.loss = addValue(expected.loss, lossOf(probability ?? 0) - lossOf(base));
        expected.value = addValue(expected.value, worth(probability ?? 0) - worth(base));
      }
      at.setClock(time + DAY / 2);
      await at.outcomes(answers.map(({ id, label }) => ({ id, label })));
      received.push(...answers.map(({ label }) => ({ label, at: time + DAY / 2 })));
    }
    const { total, rows } = await at.value.summary({ project: 'flights', by: 'day' });
    expect(rows).toHaveLength(6);
    expect(total.auc).toBeCloseTo(areaUnderRoc(expected.labels, expected.scores) ?? Number.NaN, 12);
    const loss = confidenceSequence(expected.loss, 0.05, 1_000);
    const value = confidenceSequence(expected.value, 0.05, 1_000);
    expect(total.difference).toMatchObject({
      n: 300,
      logLoss: { mean: closeTo(loss.estimate), lower: closeTo(loss.lower), upper: closeTo(loss.upper) },
      valuePerPrediction: { mean: closeTo(value.estimate), lower: closeTo(value.lower), upper: closeTo(value.upper) },
    });
  });
});
