import { beforeEach, describe, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, checkOf, DAY, GOOD, openGatesBench, rowsFrom, START, type GatesBench } from './testing.ts';

const ALL_GATES = `  - {check: better_than, other: champion}
  - {check: better_than, other: baseline}
  - {check: slices, by: [carrier], min_rows: 200}
  - {check: latency, p99: 250ms}
  - {check: reproducible}`;

describeDatabases('gates', (open) => {
  let bench: GatesBench;
  let training: string;
  let evaluation: string;
  beforeEach(async () => {
    bench = await openGatesBench(await open());
    await bench.declare(ALL_GATES);
    training = await bench.register(rowsFrom(START - 7 * DAY, 300, 1));
    evaluation = await bench.register(rowsFrom(START, 2_000, 2));
  });

  const judge = (version: number, more: object = {}) =>
    bench.gates.evaluate({
      project: 'shop',
      model: 'm',
      version,
      evaluation,
      baselineProbability: 0.35,
      cause,
      ...more,
    });

  test('the rows that a version was trained on are known from its lineage', async () => {
    const version = await bench.makeVersion(GOOD, training);
    expect(await bench.gates.trainingRows('shop', 'm', version)).toMatchObject({
      tables: { evaluated: [{ format: 'csv' }] },
      sql: expect.stringContaining('is not null'),
    });
    expect(await bench.countTraining(version)).toBe(300);
    const unmade = await bench.makeVersion(GOOD, null);
    expect(await bench.gates.trainingRows('shop', 'm', unmade)).toEqual({
      unknown: expect.stringContaining('no pipeline of this project made'),
    });
  });

  test('without a champion a model that beats the baseline passes, every check with its reason', async () => {
    const version = await bench.makeVersion(GOOD, training);
    const verdict = await judge(version);
    expect(verdict.checks.map(({ check, status }) => [check, status])).toEqual([
      ['unseen_data', 'pass'],
      ['better_than champion', 'pass'],
      ['better_than baseline', 'pass'],
      ['slices', 'pass'],
      ['latency', 'pass'],
      ['reproducible', 'pass'],
    ]);
    expect(verdict).toMatchObject({ status: 'pass', championVersion: null, project: 'shop' });
    expect(verdict.evaluation).toMatchObject({ rows: 2_000, from: START, metric: 'log_loss', champion: null });
    expect(verdict.evaluation.candidate?.auc).toBeGreaterThan(0.75);
    expect(checkOf(verdict, 'better_than champion').reason).toBe('no champion yet');
    expect(checkOf(verdict, 'unseen_data').reason).toContain('before the evaluation rows begin at 2013-04-01T00:00Z');
    expect(checkOf(verdict, 'reproducible')).toMatchObject({
      value: 0,
      n: 2_000,
      reason: expect.stringContaining('it was not run again'),
    });
    expect(await bench.gates.get(verdict.id)).toEqual(verdict);
    const [fact] = await bench.events.list({ type: 'verdict.given', limit: 5 });
    expect(fact).toMatchObject({
      project: 'shop',
      subject: `model-version:m/${version}`,
      payload: { verdict: verdict.id, status: 'pass' },
    });
    await bench.registry.promote({ model: 'm', version, alias: 'champion', verdict, cause });
  });

  test('approval blocks until a person with the role has given it', async () => {
    await bench.declare('  - {check: approval, by: [owner], when: risk >= high}', { risk: 'high' });
    const version = await bench.makeVersion(GOOD, training);
    expect((await judge(version)).status).toBe('unknown');
    await bench.gates.approve({ model: 'm', version, role: 'owner', reason: 'seen the slices' }, cause);
    expect(await judge(version)).toMatchObject({ status: 'pass' });
    await expect(
      bench.gates.approve({ model: 'm', version: 99, role: 'owner', reason: 'x' }, cause),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await bench.gates.list({ model: 'm', version, limit: 1 })).nextCursor).toBeDefined();
  });

  test('the same key gives the same verdict, also for two at once', async () => {
    const version = await bench.makeVersion(GOOD, training);
    const [one, two] = await Promise.all([judge(version, { requestKey: 'k' }), judge(version, { requestKey: 'k' })]);
    expect(one.id).toBe(two.id);
    expect((await judge(version, { requestKey: 'k' })).id).toBe(one.id);
    expect(await bench.events.list({ type: 'verdict.given', limit: 5 })).toHaveLength(1);
  });

  describe('bad input changes nothing', () => {
    test('another model, an unknown version, data in quarantine, no labels', async () => {
      const version = await bench.makeVersion(GOOD, training);
      await expect(judge(version, { model: 'n' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'model' });
      await expect(judge(9)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const bad = await bench.register(rowsFrom(START, 10, 4), false);
      await expect(judge(version, { evaluation: bad })).rejects.toMatchObject({ code: 'CONFLICT' });
      const unlabelled = await bench.register(rowsFrom(START, 10, 5).map((row) => ({ ...row, late: null })));
      await expect(judge(version, { evaluation: unlabelled })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining("value of 'late'"),
      });
      expect(await bench.events.list({ type: 'verdict.given', limit: 5 })).toEqual([]);
    });
  });
});
