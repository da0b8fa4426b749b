import { expect, test } from 'vitest';
import type { ReportedFact, ReportedRun, StageReport } from '@capstan/api';
import { describeDatabases } from '#database/testing';
import { randomIds } from '#ports/ids';
import { LONGEST_LOG_BYTES, LOST_AFTER_MS } from './report-model.ts';
import { openBench, stageOf, type Bench } from '../testing.ts';

const cause = { actor: 'cli' };
const T0 = 1_700_000_000_000;

const place = {
  by: 'Ada',
  host: 'laptop',
  commandText: 'capstan repro',
  repository: { name: 'shop', remote: 'https://example.org/shop.git' },
  commit: 'c0ffee'.padEnd(40, '0'),
  branch: 'main',
  isDirty: true,
};

function newRun(change: Partial<ReportedRun> = {}): ReportedRun {
  const stage = { description: null, command: 'true', inputs: ['in.txt'], outputs: ['out.txt'] };
  return {
    id: randomIds.next('pr'),
    project: 'shop',
    startedAt: T0,
    place,
    stages: [
      { ...stage, name: 'prepare', after: [] },
      { ...stage, name: 'train', after: ['prepare'] },
    ],
    ...change,
  };
}

const nothing: StageReport = {
  outcome: 'ran',
  inputs: [],
  outputs: [],
  params: {},
  metrics: {},
  undeclared: null,
  warnings: [],
};

type Ended = Extract<ReportedFact, { kind: 'stage-ended' }>;

function began(stage: string, attempt: string): ReportedFact {
  return {
    kind: 'stage-began',
    stage,
    attempt,
    at: T0 + 1,
    why: [{ kind: 'first-run', text: 'it has not run before' }],
  };
}

function ended(
  stage: string,
  attempt: string | null,
  report: Partial<StageReport>,
  change: Partial<Ended> = {},
): Ended {
  return {
    kind: 'stage-ended',
    stage,
    attempt,
    at: T0 + 2_000,
    why: [],
    reason: null,
    durationMs: 1_999.4,
    exitCode: attempt === null ? null : 0,
    signal: null,
    cpuMs: 1_500.2,
    peakMemoryBytes: 1_000_000,
    logBytes: null,
    report: { ...nothing, ...report },
    ...change,
  };
}

const runEnded: ReportedFact = { kind: 'run-ended', at: T0 + 3_000, outcome: 'succeeded', reason: null };

/** Everything of a run that tells whether something had a second effect. */
async function stateOf({ pipelines, events }: Bench, id: string): Promise<unknown> {
  return { run: await pipelines.get(id), facts: await events.lastSeq() };
}

describeDatabases('runs that checkouts tell of', (open) => {
  test('stand beside those of the server: stages, attempts, logs, measures', async () => {
    const bench = await openBench(await open());
    const { reportedRuns, pipelines, experiments } = bench;
    const run = newRun();
    expect(await reportedRuns.begin(run, cause)).toMatchObject({
      next: 0,
      run: { id: run.id, number: 1, source: 'checkout', status: 'running', actor: 'Ada', place, isLost: false },
    });
    const attempt = randomIds.next('sa');
    await reportedRuns.report(run.id, { from: 0, facts: [ended('prepare', null, { outcome: 'unchanged' })] }, cause);
    await reportedRuns.report(run.id, { from: 1, facts: [began('train', attempt)] }, cause);
    await reportedRuns.appendLog(attempt, 0, Buffer.from('one é'));
    expect(await pipelines.attemptLog(attempt, { offset: 2, limitBytes: 100 })).toEqual({
      text: 'e é',
      offset: 2,
      nextOffset: 6,
      sizeBytes: 6,
      isComplete: false,
    });
    expect(stageOf(await pipelines.get(run.id), 'train')).toMatchObject({
      status: 'running',
      why: [{ kind: 'first-run' }],
      attempts: [{ id: attempt, number: 1, status: 'running' }],
    });
    await reportedRuns.appendLog(attempt, 6, Buffer.from('\ntwo\n'));
    const report = {
      metrics: { loss: 0.5 },
      params: { lr: '0.1' },
      undeclared: ['hidden.csv'],
      outputs: [{ path: 'out.txt', hash: 'md5:1', sizeBytes: 3 }],
    };
    const facts = [ended('train', attempt, report, { logBytes: 11 }), runEnded];
    expect(await reportedRuns.report(run.id, { from: 2, facts }, cause)).toEqual({ next: 4 });
    expect(await pipelines.attemptLog(attempt, { offset: 0, limitBytes: 100 })).toMatchObject({
      text: 'one é\ntwo\n',
      isComplete: true,
    });
    const tracked = await bench.until(async () => stageOf(await pipelines.get(run.id), 'train').runId ?? undefined);
    const whole = await bench.until(async () => {
      const found = await experiments.getRun(tracked);
      return found.status === 'FINISHED' ? found : undefined;
    });
    expect(whole.params).toEqual([{ key: 'lr', value: '0.1' }]);
    expect(whole.metrics.find(({ key }) => key === 'loss')?.value).toBe(0.5);
    expect(await pipelines.get(run.id)).toMatchObject({
      status: 'succeeded',
      endedAt: T0 + 3_000,
      gitCommit: place.commit,
    });
    expect(stageOf(await pipelines.get(run.id), 'train')).toMatchObject({
      status: 'succeeded',
      report: { outcome: 'ran', ...report },
      attempts: [{ status: 'succeeded', durationMs: 1_999, cpuMs: 1_500, peakMemoryBytes: 1_000_000, runId: tracked }],
    });
    expect(await pipelines.madeIn(tracked)).toMatchObject({ id: run.id });
  });

  test('an experiment has its parameters from the start, and the commit that keeps it from its end', async () => {
    const { reportedRuns, pipelines } = await openBench(await open());
    const params = { 'params.yaml': { 'train.lr': 0.5 } };
    const run = newRun({ place: { ...place, experiment: { name: 'faster', commit: null } }, params });
    await reportedRuns.begin(run, cause);
    expect(await pipelines.get(run.id)).toMatchObject({ params, place: { experiment: { commit: null } } });
    const keptAs = 'abc'.padEnd(40, '0');
    const told = { from: 0, facts: [{ ...runEnded, keptAs }] };
    await reportedRuns.report(run.id, told, cause);
    await reportedRuns.report(run.id, told, cause);
    const { status, place: now } = await pipelines.get(run.id);
    expect([status, now]).toEqual(['succeeded', { ...place, experiment: { name: 'faster', commit: keptAs } }]);
    // A run that is kept as no experiment has no place for one.
    const other = newRun();
    await reportedRuns.begin(other, cause);
    await reportedRuns.report(other.id, told, cause);
    expect((await pipelines.get(other.id)).place).toEqual(place);
  });

  test('told again, nothing has a second effect', async () => {
    const bench = await openBench(await open());
    const { reportedRuns } = bench;
    const run = newRun();
    const attempt = randomIds.next('sa');
    const log = Buffer.from('a log of some length\n'.repeat(10_000));
    const facts = [
      ended('prepare', null, { outcome: 'restored' }),
      began('train', attempt),
      ended('train', attempt, {}, { logBytes: log.length }),
      runEnded,
    ];
    const tell = async (): Promise<void> => {
      await reportedRuns.begin(run, cause);
      await reportedRuns.report(run.id, { from: 0, facts: facts.slice(0, 2) }, cause);
      for (let at = 0; at < log.length; at += 30_000) {
        const { sizeBytes } = await reportedRuns.appendLog(attempt, at, log.subarray(at, at + 40_000));
        expect(sizeBytes).toBeGreaterThanOrEqual(Math.min(log.length, at + 40_000));
      }
      expect(await reportedRuns.report(run.id, { from: 0, facts }, cause)).toEqual({ next: 4 });
    };
    await tell();
    const before = await stateOf(bench, run.id);
    await tell();
    expect(await stateOf(bench, run.id)).toEqual(before);
    const { text } = await bench.pipelines.attemptLog(attempt, { offset: 0, limitBytes: 1_000_000 });
    expect(text).toBe(log.toString());
    expect(await bench.database.read.selectFrom('attempt_log_pieces').selectAll().execute()).toEqual([]);
  });

  test('what cannot be is refused, and changes nothing', async () => {
    const bench = await openBench(await open());
    const { reportedRuns, pipelines } = bench;
    const twice = newRun();
    const [first] = twice.stages;
    if (!first) throw new Error('no stage');
    await expect(reportedRuns.begin({ ...twice, stages: [first, first] }, cause)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'body.stages[1].name',
    });
    await expect(reportedRuns.begin({ ...twice, stages: [{ ...first, after: ['no'] }] }, cause)).rejects.toMatchObject({
      field: 'body.stages[0].after',
    });
    const run = newRun();
    await reportedRuns.begin(run, cause);
    await expect(reportedRuns.begin({ ...run, project: 'other' }, cause)).rejects.toMatchObject({ code: 'CONFLICT' });
    const attempt = randomIds.next('sa');
    await reportedRuns.report(run.id, { from: 0, facts: [began('prepare', attempt)] }, cause);
    await reportedRuns.appendLog(attempt, 0, Buffer.from('12345'));
    const before = await stateOf(bench, run.id);
    const good = ended('train', null, { outcome: 'unchanged' });
    const bad: readonly (readonly [from: number, facts: readonly ReportedFact[], refusal: object])[] = [
      [2, [good], { code: 'CONFLICT', field: 'body.from', details: { next: 1 } }],
      [1, [good, began('prepare', randomIds.next('sa'))], { code: 'CONFLICT', field: 'body.facts[1].stage' }],
      [1, [good, began('evaluate', attempt)], { code: 'NOT_FOUND' }],
      [1, [began('train', attempt)], { code: 'CONFLICT', field: 'body.facts[0].attempt' }],
      [1, [ended('train', attempt, {})], { code: 'INVALID_ARGUMENT', field: 'body.facts[0].attempt' }],
      [1, [ended('prepare', attempt, { outcome: 'unchanged' })], { field: 'body.facts[0].report.outcome' }],
      [1, [ended('train', null, { outcome: 'ran' })], { field: 'body.facts[0].report.outcome' }],
      [1, [good, good], { code: 'CONFLICT', field: 'body.facts[1].stage' }],
      [1, [runEnded, good], { code: 'CONFLICT', field: 'body.facts[0]' }],
      [
        0,
        [began('prepare', attempt), ended('prepare', attempt, {}, { logBytes: 6 })],
        { details: { attempt, sizeBytes: 5 } },
      ],
    ];
    for (const [from, facts, refusal] of bad)
      await expect(reportedRuns.report(run.id, { from, facts }, cause)).rejects.toMatchObject(refusal);
    await expect(reportedRuns.report('pr_no', { from: 0, facts: [] }, cause)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(reportedRuns.appendLog(attempt, 6, Buffer.from('7'))).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { sizeBytes: 5 },
    });
    await expect(reportedRuns.appendLog('sa_no', 0, Buffer.from('7'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(pipelines.cancel(run.id, cause)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await stateOf(bench, run.id)).toEqual(before);
    await reportedRuns.report(run.id, { from: 1, facts: [ended('prepare', attempt, {}, { logBytes: 5 })] }, cause);
    await expect(reportedRuns.appendLog(attempt, 5, Buffer.from('6'))).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await reportedRuns.appendLog(attempt, 5, Buffer.from(''))).toEqual({ sizeBytes: 5 });
    await reportedRuns.report(run.id, { from: 2, facts: [runEnded] }, cause);
    await expect(reportedRuns.report(run.id, { from: 3, facts: [good] }, cause)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(stageOf(await pipelines.get(run.id), 'train').status).toBe('skipped');
  });

  test('a log has a length that it may not pass', async () => {
    const database = await open();
    const bench = await openBench(database);
    const run = newRun();
    const attempt = randomIds.next('sa');
    await bench.reportedRuns.begin(run, cause);
    await bench.reportedRuns.report(run.id, { from: 0, facts: [began('train', attempt)] }, cause);
    await database.write(async (writer) => {
      const start = LONGEST_LOG_BYTES - 2;
      await writer
        .insertInto('attempt_log_pieces')
        .values({ attempt, start, size_bytes: 1, bytes: Buffer.from('x') })
        .execute();
    });
    const at = LONGEST_LOG_BYTES - 1;
    await expect(bench.reportedRuns.appendLog(attempt, at, Buffer.from('yz'))).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
    expect(await bench.reportedRuns.appendLog(attempt, at, Buffer.from('y'))).toEqual({ sizeBytes: LONGEST_LOG_BYTES });
  });

  test('a run that is silent for too long is shown as lost, and goes on when its client comes back', async () => {
    let now = T0;
    const bench = await openBench(await open(), { clock: { now: () => now } });
    const { reportedRuns, pipelines } = bench;
    const run = newRun();
    await reportedRuns.begin(run, cause);
    now += LOST_AFTER_MS;
    expect(await pipelines.get(run.id)).toMatchObject({ status: 'running', isLost: false });
    now += 1;
    expect(await pipelines.get(run.id)).toMatchObject({ status: 'running', isLost: true });
    expect((await pipelines.list({ limit: 1 })).items[0]).toMatchObject({ isLost: true });
    await reportedRuns.report(run.id, { from: 0, facts: [] }, cause);
    expect(await pipelines.get(run.id)).toMatchObject({ status: 'running', isLost: false });
    await reportedRuns.report(run.id, { from: 0, facts: [runEnded] }, cause);
    now += LOST_AFTER_MS * 10;
    expect(await pipelines.get(run.id)).toMatchObject({ status: 'succeeded', isLost: false });
  });
});
