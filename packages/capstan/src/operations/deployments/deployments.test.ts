import { afterEach, describe, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { EvidenceItem } from './index.ts';
import { cause, HOUR_MS, pairs, removeFolders, setup, START } from './testing.ts';

afterEach(removeFolders);

describeDatabases('deployments', (open) => {
  test('the first revision is champion once a replica serves it, not before', async () => {
    const at = await setup(await open());
    const rollout = await at.start(1);
    expect(rollout).toMatchObject({ state: 'full', revision: 1, from: null, isLive: false });
    expect(await at.deployments.get('late-arrival')).not.toHaveProperty('champion');
    expect((await at.deployments.snapshot()).deployments[0]?.routes).toMatchObject([{ role: 'canary', share: 1 }]);

    await at.report([1]);
    expect(await at.deployments.get('late-arrival')).toMatchObject({
      champion: { number: 1, version: 1, threshold: 4 / 22 },
      replicas: [{ replica: 'r1', isCurrent: true, revisions: [1] }],
    });
    expect((await at.deployments.snapshot()).deployments[0]).toMatchObject({
      context: { id: 'example_id', eventTime: 'event_time' },
      rollout: null,
      routes: [{ role: 'champion', share: 1, digest: at.digest, threshold: 4 / 22 }],
      breaker: { state: 'closed', mode: 'fallback' },
    });
    const ended = (await at.events.list({ type: 'rollout.ended', limit: 1 }))[0];
    await at.jobs['deployments.promote']({ eventSeq: ended?.seq ?? 0 }, context());
    expect(at.promotions).toEqual([{ version: 1, cycle: undefined }]);
    expect(await at.types()).toEqual([
      'deployment.created',
      'revision.created',
      'rollout.started',
      'revision.live',
      'rollout.judged',
      'rollout.ended',
    ]);
    expect(await at.events.verify()).toMatchObject({ ok: true });
  });

  test('evidence moves a rollout through its stages and every decision is recorded with what it saw', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const rollout = await at.start(2);
    expect(rollout.state).toBe('shadow');
    expect((await at.deployments.snapshot()).deployments[0]?.routes).toMatchObject([
      { revision: 1, role: 'champion', share: 1 },
      { revision: 2, role: 'shadow', share: 1 },
    ]);
    let cursor = await at.deployments.evidenceCursor('late-arrival');
    if (!cursor) throw new Error('no rollout');
    cursor = await at.deployments.advance(cursor, pairs(0, 3_000), 3_000, cause);
    expect(await at.deployments.rollout(rollout.id)).toMatchObject({ state: 'canary', stage: 1 });
    expect((await at.deployments.snapshot()).deployments[0]).toMatchObject({
      salt: 'late-arrival/2',
      rollout: { id: rollout.id, stage: 1 },
      routes: [
        { revision: 1, role: 'champion', share: 0.75 },
        { revision: 2, role: 'canary', share: 0.25 },
        { revision: 2, role: 'shadow', share: 1 },
      ],
    });
    const judged = await at.deployments.judgements(rollout.id);
    expect(judged.at(-1)?.checks.map((check) => check.check)).toEqual([
      'errors',
      'error-rate',
      'latency',
      'loss',
      'disagreement',
      'sample-ratio',
      'non-inferiority',
      'enough-evidence',
    ]);
    expect(
      judged.find(({ verdict }) => verdict === 'advance')?.checks.find(({ check }) => check === 'non-inferiority'),
    ).toMatchObject({
      status: 'pass',
      limit: -Math.log(0.05),
    });
    const rows = (stage: number, share: number): EvidenceItem[] =>
      Array.from({ length: 400 }, (_, index) => ({
        kind: 'request',
        seq: 3_000 + stage * 400 + index,
        at: START,
        stage,
        share,
        canary: index % 4 === 0 || stage === 2 ? { rows: 3, isError: false, latencyUs: 5 } : null,
        champion: index % 4 === 0 || stage === 2 ? null : { rows: 3, isError: false, latencyUs: 5 },
      }));
    cursor = cursor && (await at.deployments.advance(cursor, rows(1, 0.25), 4_000, cause));
    expect(await at.deployments.rollout(rollout.id)).toMatchObject({ state: 'full', stage: 2 });
    cursor = cursor && (await at.deployments.advance(cursor, rows(2, 1), 5_000, cause));
    expect(cursor).toBeNull();
    expect(await at.deployments.rollout(rollout.id)).toMatchObject({ state: 'promoted' });
    expect((await at.deployments.get('late-arrival')).champion).toMatchObject({ number: 2, version: 2 });
  });

  test('harm rolls back to the champion', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const rollout = await at.start(2);
    const cursor = await at.deployments.evidenceCursor('late-arrival');
    if (!cursor) throw new Error('no rollout');
    expect(await at.deployments.advance(cursor, pairs(0, 2_000, 0.5), 2_000, cause)).toBeNull();
    const ended = await at.deployments.rollout(rollout.id);
    expect(ended).toMatchObject({ state: 'rolled-back' });
    expect(ended.reason).toMatch(/^loss: log e-value/);
    expect((await at.deployments.snapshot()).deployments[0]?.routes).toMatchObject([{ revision: 1, share: 1 }]);
    expect((await at.events.list({ type: 'rollout.ended', limit: 9 })).at(-1)?.payload).toMatchObject({
      outcome: 'rolled-back',
    });
  });

  test('evidence that another process has folded in already changes nothing', async () => {
    const at = await setup(await open());
    await at.withChampion();
    await at.start(2);
    const cursor = await at.deployments.evidenceCursor('late-arrival');
    if (!cursor) throw new Error('no rollout');
    const results = await Promise.all([1, 2, 3].map(() => at.deployments.advance(cursor, pairs(0, 50), 50, cause)));
    expect(results.map((result) => result?.seq)).toEqual([50, 50, 50]);
    const check = (await at.deployments.rollout(cursor.rollout)).checks.find(({ check: name }) => name === 'loss');
    expect(check).toMatchObject({ n: 50 });
  });

  test('one rollout at a time; the same one again is the same one', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const [first, again] = [await at.start(2), await at.start(2)];
    expect(again.id).toBe(first.id);
    await expect(at.start(3)).rejects.toMatchObject({ code: 'CONFLICT' });
    await at.deployments.rollBack('late-arrival', 'changed my mind', cause);
    await expect(at.start(1)).rejects.toThrow('serves exactly this already');
    expect(await at.deployments.revisions('late-arrival')).toHaveLength(2);
    expect((await at.start(2)).revision).toBe(3);
  });

  test('started twice in one turn of the cycle, also after its end, it is one rollout', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const start = () =>
      at.deployments.start(
        { deployment: 'late-arrival', version: 2, verdictId: 'passed' },
        { actor: 'job', cycle: 'cy_1' },
      );
    const first = await start();
    await at.deployments.rollBack('late-arrival', 'no', cause);
    expect((await start()).id).toBe(first.id);
    const facts = await at.events.list({ type: 'rollout.ended', cycle: 'cy_1', limit: 5 });
    expect(facts).toHaveLength(1);
  });

  test('bad requests change nothing', async () => {
    const at = await setup(await open());
    await expect(at.start(1, { verdictId: undefined })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'verdictId',
    });
    await expect(at.start(1, { verdictId: 'failed' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(at.start(10)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(at.start(1, { threshold: 2 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'threshold' });
    await expect(at.start(1, { inputAdapters: { distance: { multiply: 0, add: 1 } } })).rejects.toMatchObject({
      field: 'inputAdapters.distance',
    });
    await expect(at.deployments.start({ deployment: 'unknown', version: 1 }, cause)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await at.types()).toEqual([]);
    expect((await at.deployments.snapshot()).version).toBe(0);
  });

  test('a baseline that nobody gives is measured from the labels that are known, once', async () => {
    const known = { probability: 0.3, source: 'the share of positives among 10 labels of flights@1' };
    const at = await setup(await open(), {}, async () => known);
    await at.start(1, { guards: false, verdictId: undefined });
    const found = await at.deployments.get('late-arrival');
    expect(found.breaker).toMatchObject({ fallbackProbability: 0.3 });
    expect(found.lossBudget).toEqual({ amount: 100, windowMs: 24 * HOUR_MS, isCounting: true });
    expect((await at.deployments.snapshot()).deployments[0]?.breaker).toMatchObject({ fallbackProbability: 0.3 });
    const facts = await at.events.list({ type: 'deployment.baseline-set', limit: 9 });
    expect(facts.map(({ payload }) => payload)).toEqual([{ deployment: 'late-arrival', ...known }]);

    known.probability = 0.4;
    await at.report([1]);
    await at.start(2, { guards: false, verdictId: undefined });
    expect((await at.deployments.get('late-arrival')).breaker.fallbackProbability).toBe(0.3);
    await at.report([1, 2]);
    await at.start(3, { baselineProbability: 0.5 });
    expect((await at.deployments.get('late-arrival')).breaker.fallbackProbability).toBe(0.5);
    expect(await at.events.list({ type: 'deployment.baseline-set', limit: 9 })).toHaveLength(1);
  });

  test.each([
    ['fallback', /nothing counts as lost.*nothing answers/],
    ['last-known-good', /nothing counts as lost/],
  ] as const)('without any baseline the loss budget says that it counts nothing (%s)', async (onExhausted, words) => {
    const at = await setup(await open(), { lossBudget: { amount: 100, windowMs: HOUR_MS, onExhausted } });
    await at.start(1, { guards: false, verdictId: undefined });
    const { breaker, lossBudget } = await at.deployments.get('late-arrival');
    expect(breaker.fallbackProbability).toBeUndefined();
    expect(lossBudget).toMatchObject({ isCounting: false, reason: expect.stringMatching(words) });
    expect(lossBudget?.reason?.includes('nothing answers')).toBe(onExhausted === 'fallback');
    expect((await at.deployments.list())[0]?.lossBudget).toEqual(lossBudget);
  });

  test('without guards, a version that takes what no caller sends is refused, unless callers will send it', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const before = await at.types();
    const unguarded = { guards: false, verdictId: undefined };
    await expect(at.start(6, unguarded)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'version',
      message: "late-arrival/6 takes the input 'distanse' as FP32 of shape [-1, 1], which no caller sends",
      hint: expect.stringContaining("Did you mean 'distance'?"),
    });
    expect(await at.types()).toEqual(before);
    expect(await at.start(6, { ...unguarded, newInputs: true })).toMatchObject({ state: 'full' });
  });

  test('without guards it goes to all of the traffic at once, which is recorded; the registry does not follow without a verdict', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const rollout = await at.start(2, { guards: false, verdictId: undefined });
    expect(rollout).toMatchObject({ state: 'full', guards: false, plan: [{ kind: 'full' }] });
    await at.report([1, 2]);
    expect(await at.deployments.rollout(rollout.id)).toMatchObject({
      state: 'promoted',
      reason: 'rolled out without guards: none were declared or wanted',
    });
    const ended = (await at.events.list({ type: 'rollout.ended', limit: 9 })).at(-1);
    await at.jobs['deployments.promote']({ eventSeq: ended?.seq ?? 0 }, context());
    expect(at.promotions).toEqual([]);
  });

  test('a revision that a replica cannot serve is rolled back; a report on an older snapshot says nothing', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const before = (await at.deployments.snapshot()).version;
    const rollout = await at.start(2);
    const failures = [{ deployment: 'late-arrival', revision: 2, reason: 'no graph was found in the file' }];
    await at.report([1], { failures, snapshotVersion: before });
    expect(await at.deployments.rollout(rollout.id)).toMatchObject({ state: 'shadow' });
    await at.report([1], { failures });
    expect(await at.deployments.rollout(rollout.id)).toMatchObject({
      state: 'rolled-back',
      reason: 'replica r1 cannot serve it: no graph was found in the file',
    });
  });

  test('a person holds, resumes and rolls back', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const { id } = await at.start(2);
    expect(await at.deployments.hold(id, 'lunch', cause)).toMatchObject({ state: 'held', reason: 'lunch' });
    await expect(at.deployments.hold(id, 'again', cause)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await at.deployments.resume(id, 'back', cause)).toMatchObject({ state: 'shadow' });
    await expect(at.deployments.resume(id, 'again', cause)).rejects.toMatchObject({ code: 'CONFLICT' });
    await at.deployments.rollBack('late-arrival', 'no', cause);
    expect(await at.deployments.rollout(id)).toMatchObject({ state: 'rolled-back', reason: 'no' });
    await expect(at.deployments.rollBack('late-arrival', 'further', cause)).rejects.toThrow(
      'no revision to go back to',
    );
  });

  test('after a promotion one can go back to the champion before', async () => {
    const at = await setup(await open());
    await at.withChampion();
    await at.start(2, { guards: false });
    await at.report([1, 2]);
    expect(await at.deployments.rollBack('late-arrival', 'worse', cause)).toMatchObject({ champion: { number: 1 } });
    expect((await at.deployments.snapshot()).deployments[0]?.routes).toMatchObject([{ revision: 1, role: 'champion' }]);
  });

  test('a spent loss budget opens the breaker, ends the rollout and falls back; a promotion closes it', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const rollout = await at.start(2);
    const realised = { n: 50, value: -60, baselineValue: 30 };
    expect(await at.deployments.judgeLossBudget('late-arrival', realised, cause)).toMatchObject({
      status: 'pass',
      value: 90,
    });
    expect(await at.deployments.budgetWindow('late-arrival')).toEqual({ since: START - 24 * HOUR_MS });
    const spent = { n: 60, value: -60, baselineValue: 45 };
    expect(await at.deployments.judgeLossBudget('late-arrival', spent, cause)).toMatchObject({
      status: 'fail',
      value: 105,
    });
    expect((await at.deployments.snapshot()).deployments[0]?.breaker).toMatchObject({
      state: 'open',
      mode: 'fallback',
      fallbackProbability: 0.2,
      reason: 'loss budget: 105.00 of 100 spent in 24 h over 60 answers with an outcome',
    });
    expect(await at.deployments.rollout(rollout.id)).toMatchObject({ state: 'rolled-back' });
    expect(await at.deployments.budgetWindow('late-arrival')).toBeNull();
    const opened = (await at.events.list({ type: 'breaker.opened', limit: 1 }))[0];
    expect(opened?.payload).toMatchObject({ spent: 105, amount: 100, n: 60 });

    at.advanceClock(HOUR_MS);
    await at.start(3, { guards: false });
    await at.report([1, 3]);
    expect((await at.deployments.get('late-arrival')).breaker).toMatchObject({ state: 'closed' });
    expect(await at.deployments.budgetWindow('late-arrival')).toEqual({ since: START + HOUR_MS });
  });

  test('last-known-good answers by the champion before; a person closes the breaker', async () => {
    const at = await setup(await open(), {
      lossBudget: { amount: 1, windowMs: HOUR_MS, onExhausted: 'last-known-good' },
    });
    await at.withChampion();
    await at.start(2, { guards: false });
    await at.report([1, 2]);
    await at.deployments.judgeLossBudget('late-arrival', { n: 3, value: -5, baselineValue: 0 }, cause);
    expect((await at.deployments.snapshot()).deployments[0]?.breaker).toMatchObject({ lastKnownGood: { revision: 1 } });
    await at.deployments.closeBreaker('late-arrival', 'checked', { actor: 'person:ann' });
    expect((await at.deployments.snapshot()).deployments[0]?.breaker).toMatchObject({
      state: 'closed',
      lastKnownGood: null,
    });
  });

  test('a waiting replica gets the next snapshot as soon as there is one', async () => {
    const at = await setup(await open());
    await at.withChampion();
    const has = { version: (await at.deployments.snapshot()).version, at: undefined };
    const { signal } = new AbortController();
    const waiting = at.deployments.nextSnapshot(has, 20_000, signal);
    await at.start(2);
    expect((await waiting).version).toBe(has.version + 1);
    expect((await at.deployments.nextSnapshot({ ...has, version: has.version + 1 }, 30, signal)).version).toBe(
      has.version + 1,
    );
  });

  test('only model files of revisions are handed out', async () => {
    const at = await setup(await open());
    await expect(at.deployments.modelFile(at.digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await at.withChampion();
    const chunks: Buffer[] = [];
    for await (const chunk of await at.deployments.modelFile(at.digest)) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('a model');
  });
});

describe('time', () => {
  describeDatabases('a rollout that nobody decides', (open) => {
    test('is held when its time is over', async () => {
      const at = await setup(await open());
      await at.withChampion();
      const { id } = await at.start(2);
      at.advanceClock(15 * 24 * HOUR_MS);
      const cursor = await at.deployments.evidenceCursor('late-arrival');
      if (!cursor) throw new Error('no rollout');
      await at.deployments.advance(cursor, [], 0, cause);
      expect(await at.deployments.rollout(id)).toMatchObject({ state: 'held' });
    });
  });
});

function context() {
  return { jobId: 'job_1', attempt: 1, signal: new AbortController().signal, cause };
}
