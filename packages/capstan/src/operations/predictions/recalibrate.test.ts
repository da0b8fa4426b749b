import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PredictionRecord } from '@capstan/api';
import { expect, onTestFinished, test } from 'vitest';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { describeDatabases } from '#database/testing';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { fitShift, shiftedProbability } from '#kernel/statistics/recalibration';
import { createDeployments, type DeploymentSpec } from '#operations/deployments';
import { plainSpec, untroubled } from '#operations/testing';
import { randomIds } from '#ports/ids';
import { createPredictions } from './service.ts';

const DAY = 86_400_000;
const START = Date.UTC(2013, 3, 1);
const PRIOR_ROWS = 4;
const cause = { actor: 'test' };

const declared: DeploymentSpec = {
  ...plainSpec,
  plan: [{ kind: 'shadow', minPairs: 1_000 }, { kind: 'full' }],
  analysis: ['loss'],
  value: { truePositive: 12, falsePositive: -4, falseNegative: -6, trueNegative: 0 },
  recalibration: { windowMs: 7 * DAY, priorRows: PRIOR_ROWS, schedule: '0 3 * * *' },
  declaredAt: START,
};

async function setup(database: Database, spec: DeploymentSpec = declared) {
  let now = START;
  const clock = { kind: 'system' as const, now: () => now };
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'capstan-recalibrate-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: join(folder, 'blobs') });
  const { digest } = await blobs.put(Buffer.from('a model'));
  const base = { database, events, jobs, clock, ids: randomIds, blobs };
  const deployments = createDeployments({ ...base, ...untroubled(spec, digest) });
  const predictions = createPredictions({
    ...base,
    deployments,
    analytics: createAnalyticsDuckdb({ temporaryFolder: folder }),
    feedback: { register: async () => ({ id: 'none' }) },
  });
  await deployments.start({ deployment: 'late-arrival', version: 1, guards: false, threshold: 0.5 }, cause);
  const serving = [{ deployment: 'late-arrival', revision: 1 }];
  const counters = {
    rowsAnswered: 0,
    requestsFailed: 0,
    shadowRowsDropped: 0,
    segmentsWaiting: 0,
    segmentsRejected: 0,
  };
  const { version } = await deployments.snapshot();
  await deployments.report(
    'r1',
    { url: 'http://127.0.0.1:1', snapshotVersion: version, serving, failures: [], loading: [], counters },
    cause,
  );
  await predictions.judge('late-arrival', true, cause);
  let segments = 0;
  return {
    deployments,
    predictions,
    events,
    setClock: (at: number) => (now = at),
    /** Answers of the champion, or others: by id, what was said; with their outcomes. */
    async answer(answers: readonly Answered[], shift = 0, of: Partial<PredictionRecord> = {}): Promise<void> {
      segments += 1;
      const id = `sg_${String(segments).padStart(12, '0')}`;
      const line = { ...record(answers, now, shift), ...of };
      await predictions.ingest({ id, replica: 'r1', bytes: Buffer.from(`${JSON.stringify(line)}\n`) });
      await predictions.recordOutcomes(
        'late-arrival',
        answers.map(([example, , label]) => ({ id: example, label })),
      );
    },
    shiftNow: async () => (await deployments.snapshot()).deployments[0]?.routes[0]?.shift,
  };
}

/** Example, probability, outcome. */
type Answered = readonly [string, number, 0 | 1];

function record(answers: readonly Answered[], at: number, shift: number): PredictionRecord {
  return {
    v: 1,
    request: `request-${answers[0]?.[0]}`,
    deployment: 'late-arrival',
    rollout: null,
    stage: null,
    at,
    examples: answers.map(([id]) => id),
    eventTimes: answers.map(() => at),
    inputs: [],
    parts: [
      {
        role: 'champion',
        revision: 1,
        modelVersion: 1,
        share: 1,
        threshold: 0.5,
        shift,
        rows: null,
        probabilities: answers.map(([, probability]) => probability),
        error: null,
        latencyUs: 10,
      },
    ],
  };
}

describeDatabases('recalibration', (open) => {
  test('outcomes move the log odds of the answers to come, and the record says so', async () => {
    const at = await setup(await open());
    expect(await at.shiftNow()).toBe(0);
    await at.answer([
      ['a', 0.2, 1],
      ['b', 0.3, 0],
      ['c', 0.6, 1],
    ]);
    at.setClock(START + DAY);
    await at.predictions.recalibrate('late-arrival', cause);
    const examples = [
      { probability: 0.2, label: 1 },
      { probability: 0.3, label: 0 },
      { probability: 0.6, label: 1 },
    ] as const;
    const shift = fitShift(examples, PRIOR_ROWS);
    expect(shift).toBeGreaterThan(0);
    expect(await at.shiftNow()).toBe(shift);
    const { recalibration } = await at.deployments.get('late-arrival');
    expect(recalibration).toMatchObject({ revision: 1, shift, rows: 3, at: START + DAY, before: START + DAY });
    expect(await at.events.list({ type: 'deployment.recalibrated', limit: 10 })).toHaveLength(1);
  });

  test('what is fitted is the model alone, however its answers were shifted before', async () => {
    const at = await setup(await open());
    await at.answer(
      [
        ['a', shiftedProbability(0.2, 0.7), 1],
        ['b', shiftedProbability(0.6, 0.7), 0],
      ],
      0.7,
    );
    at.setClock(START + DAY);
    await at.predictions.recalibrate('late-arrival', cause);
    const alone = [
      { probability: 0.2, label: 1 },
      { probability: 0.6, label: 0 },
    ] as const;
    expect(await at.shiftNow()).toBeCloseTo(fitShift(alone, PRIOR_ROWS), 9);
    const { recalibration } = await at.deployments.get('late-arrival');
    expect(recalibration?.modelLoss).toBeCloseTo(-(Math.log(0.2) + Math.log(0.4)) / 2, 9);
    const [row] = await at.predictions.performance({ deployment: 'late-arrival', from: START, to: START + DAY });
    expect(row?.meanModelLoss).toBeCloseTo(recalibration?.modelLoss ?? Number.NaN, 9);
    // 0.6 alone is above the threshold, as it is with the shift; 0.2 is below it either way: -6 and -4.
    expect(row).toMatchObject({ value: -10, modelValue: -10 });
  });

  test('answers from before the window do not count, and without any the shift stays', async () => {
    const at = await setup(await open());
    await at.answer([
      ['a', 0.2, 1],
      ['b', 0.4, 0],
    ]);
    at.setClock(START + DAY);
    await at.predictions.recalibrate('late-arrival', cause);
    const shift = await at.shiftNow();
    at.setClock(START + 9 * DAY);
    await at.predictions.recalibrate('late-arrival', cause);
    expect(await at.shiftNow()).toBe(shift);
    await at.answer([
      ['c', 0.4, 0],
      ['d', 0.4, 1],
      ['e', 0.4, 0],
    ]);
    at.setClock(START + 10 * DAY);
    await at.predictions.recalibrate('late-arrival', cause);
    expect((await at.deployments.get('late-arrival')).recalibration?.rows).toBe(3);
  });

  test('the same again at the same time has no effect; the history is newest first', async () => {
    const at = await setup(await open());
    await at.answer([
      ['a', 0.2, 1],
      ['b', 0.4, 0],
    ]);
    for (const day of [1, 1, 2]) {
      at.setClock(START + day * DAY);
      await at.predictions.recalibrate('late-arrival', cause);
    }
    const first = await at.deployments.recalibrations('late-arrival', { limit: 1 });
    expect(first.items.map((each) => each.at)).toEqual([START + 2 * DAY]);
    const rest = await at.deployments.recalibrations('late-arrival', { limit: 9, cursor: first.nextCursor });
    expect(rest).toEqual({ items: [expect.objectContaining({ at: START + DAY })] });
  });

  test('a rollout compares the models alone: a champion is no better for being recalibrated', async () => {
    const evidence = async (shift: number) => {
      const at = await setup(await open());
      const { id } = await at.deployments.start({ deployment: 'late-arrival', version: 2, verdictId: 'v' }, cause);
      const said: Answered[] = [
        ['a', 0.2, 1],
        ['b', 0.6, 0],
        ['c', 0.3, 1],
      ];
      const shown = said.map(([example, said, label]): Answered => [example, shiftedProbability(said, shift), label]);
      const stage = { rollout: id, stage: 0 };
      await at.answer(shown, shift, stage);
      const shadow = record(
        said.map(([example, , label]): Answered => [example, 0.5, label]),
        START,
        0,
      );
      const parts = shadow.parts.map((part) => ({ ...part, role: 'shadow' as const, revision: 2, modelVersion: 2 }));
      await at.answer(said, 0, { ...stage, request: 'shadow', inputs: null, parts });
      await at.predictions.judge('late-arrival', true, cause);
      const { checks } = await at.deployments.rollout(id);
      return checks.find(({ check }) => check === 'non-inferiority');
    };
    const alone = await evidence(0);
    expect(alone).toMatchObject({ n: 3 });
    const recalibrated = await evidence(0.7);
    expect(recalibrated?.value).toBeCloseTo(alone?.value ?? Number.NaN, 9);
  });

  test('nothing moves where none is declared', async () => {
    const at = await setup(await open(), { ...declared, recalibration: null });
    await at.answer([['a', 0.2, 1]]);
    at.setClock(START + DAY);
    await at.predictions.recalibrate('late-arrival', cause);
    expect(await at.shiftNow()).toBe(0);
    expect((await at.deployments.get('late-arrival')).recalibration).toBeUndefined();
  });
});
