import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openBench } from '../testing.ts';
import type { ForeignLoggedModel, ForeignRun } from '../index.ts';

const source = 'sqlite:///mlflow.db';
const FAR = 9_223_372_036_854_775_807n;
const AT = 1_600_000_000_000;

const run = (id: string, more: Partial<ForeignRun> = {}): ForeignRun => ({
  id: id.repeat(32),
  experimentId: '0',
  name: `run ${id}`,
  userId: 'ops',
  status: 'FINISHED',
  startTime: AT,
  endTime: AT + 5,
  lifecycle: 'active',
  params: [{ key: 'depth', value: '3' }],
  tags: [{ key: 'color', value: 'red' }],
  datasets: [],
  modelInputs: [],
  modelOutputs: [],
  metrics: [{ key: 'loss', steps: [1, FAR], timestamps: [AT, AT + 1], values: [Number.NaN, 0.5] }],
  ...more,
});

const model = (more: Partial<ForeignLoggedModel> = {}): ForeignLoggedModel => ({
  id: `m-${'a'.repeat(32)}`,
  experimentId: '0',
  name: 'net',
  modelType: '',
  status: 'LOGGED_MODEL_READY',
  sourceRunId: 'a'.repeat(32),
  lifecycle: 'active',
  createdAt: AT,
  updatedAt: AT + 1,
  params: [{ key: 'layers', value: '2' }],
  tags: [],
  metrics: [
    {
      key: 'loss',
      steps: [1],
      timestamps: [AT],
      values: [1],
      runId: 'a'.repeat(32),
      datasetName: 'd',
      datasetDigest: '1',
    },
  ],
  ...more,
});

describeDatabases('imports of runs and logged models', (open) => {
  test('keep ids, times, lifecycle, exact integers and NaN; the same again has no effect', async () => {
    const { experiments, facts } = await openBench(await open());
    const runs = [run('a'), run('b', { lifecycle: 'deleted', status: 'RUNNING', endTime: null, name: '' })];
    expect(await experiments.importRuns({ source, runs, cause })).toEqual({ added: 2, changed: 0, points: 4 });
    const before = await facts();
    expect(await experiments.importRuns({ source, runs, cause })).toEqual({ added: 0, changed: 0, points: 0 });
    expect(await facts()).toEqual(before);
    expect(before).toContain('import.recorded');

    const got = await experiments.getRun('a'.repeat(32));
    expect(got).toMatchObject({
      name: 'run a',
      startTime: AT,
      endTime: AT + 5,
      updatedAt: AT + 5,
      artifactRoot: `0/${'a'.repeat(32)}/artifacts`,
      params: [{ key: 'depth', value: '3' }],
      tags: [
        { key: 'color', value: 'red' },
        { key: 'mlflow.runName', value: 'run a' },
      ],
    });
    expect(got.metrics).toEqual([{ key: 'loss', value: 0.5, timestamp: AT + 1, step: FAR, min: 0.5, max: 0.5 }]);
    expect(await experiments.getRun('b'.repeat(32))).toMatchObject({ lifecycle: 'deleted', status: 'RUNNING' });
  });

  test('a run that went on is brought up to date: new points add up, tags and facts follow', async () => {
    const { experiments } = await openBench(await open());
    await experiments.importRuns({ source, runs: [run('a', { status: 'RUNNING', endTime: null })], cause });
    const later = run('a', {
      tags: [{ key: 'color', value: 'blue' }],
      metrics: [{ key: 'loss', steps: [1, 2], timestamps: [AT, AT + 2], values: [Number.NaN, 0.25] }],
    });
    expect(await experiments.importRuns({ source, runs: [later], cause })).toEqual({ added: 0, changed: 1, points: 1 });
    const got = await experiments.getRun('a'.repeat(32));
    expect(got).toMatchObject({ status: 'FINISHED', metrics: [{ value: 0.5, step: FAR, min: 0.25 }] });
    expect(got.tags).toContainEqual({ key: 'color', value: 'blue' });
  });

  test.each([
    ['a name that is none', run('b', { params: [{ key: '', value: 'x' }] }), 'INVALID_ARGUMENT'],
    [
      'a value longer than any of MLflow',
      run('b', { tags: [{ key: 'k', value: 'x'.repeat(8_001) }] }),
      'INVALID_ARGUMENT',
    ],
    [
      'a time before all times',
      run('b', { metrics: [{ key: 'm', steps: [1], timestamps: [-1], values: [1] }] }),
      'INVALID_ARGUMENT',
    ],
    [
      'lists of two lengths',
      run('b', { metrics: [{ key: 'm', steps: [], timestamps: [1], values: [1] }] }),
      'INVALID_ARGUMENT',
    ],
    ['an experiment that is not here', run('b', { experimentId: '77' }), 'NOT_FOUND'],
    ['a run twice', run('a'), 'INVALID_ARGUMENT'],
  ])('%s is refused, and nothing of the batch is kept', async (_what, bad, code) => {
    const { experiments, facts } = await openBench(await open());
    const before = await facts();
    await expect(experiments.importRuns({ source, runs: [run('a'), bad], cause })).rejects.toMatchObject({ code });
    await expect(experiments.getRun('a'.repeat(32))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await facts()).toEqual(before);
  });

  test('another run of the same id is left alone', async () => {
    const { experiments } = await openBench(await open());
    await experiments.importRuns({ source, runs: [run('a')], cause });
    const other = run('a', { params: [{ key: 'depth', value: '4' }], name: 'other' });
    await expect(experiments.importRuns({ source, runs: [other], cause })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await experiments.getRun('a'.repeat(32))).toMatchObject({ name: 'run a' });
  });

  test('logged models come with their metrics, and change when they are brought again', async () => {
    const { experiments } = await openBench(await open());
    await experiments.importRuns({ source, runs: [run('a')], cause });
    const brought = { source, models: [model({ status: 'LOGGED_MODEL_PENDING' })], cause };
    expect(await experiments.importLoggedModels(brought)).toEqual({ added: 1, changed: 0, points: 1 });
    await experiments.importLoggedModels({ source, models: [model()], cause });
    expect(await experiments.getLoggedModel(model().id)).toMatchObject({
      status: 'LOGGED_MODEL_READY',
      createdAt: AT,
      updatedAt: AT + 1,
      metrics: [{ key: 'loss', datasetName: 'd', datasetDigest: '1', value: 1 }],
    });
  });

  test('files of deleted runs are taken; bytes that are here already are not asked for again', async () => {
    const { experiments } = await openBench(await open());
    await experiments.importRuns({ source, runs: [run('a', { lifecycle: 'deleted' }), run('b')], cause });
    const bytes = Buffer.from('läuft\n');
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const deleted = { kind: 'run', id: 'a'.repeat(32) } as const;
    const files = [{ path: 'deep/note.txt', sizeBytes: bytes.length, digest }];
    expect(await experiments.linkFiles({ owner: deleted, files, cause })).toEqual({
      missing: ['deep/note.txt'],
      linked: 0,
    });
    const put = { owner: deleted, path: 'deep/note.txt', bytes: Readable.from([bytes]), cause };
    await expect(
      experiments.importFile({
        ...put,
        bytes: Readable.from(['other']),
        expected: { digest: digest as `sha256:${string}` },
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await experiments.importFile({ ...put, expected: {} })).toEqual({ digest, sizeBytes: bytes.length });
    expect(await experiments.linkFiles({ owner: deleted, files, cause })).toEqual({ missing: [], linked: 0 });

    const other = { kind: 'run', id: 'b'.repeat(32) } as const;
    expect(await experiments.linkFiles({ owner: other, files, cause })).toEqual({ missing: [], linked: 1 });
    expect(await experiments.findArtifact(other, 'deep/note.txt')).toMatchObject({ digest });
    await expect(
      experiments.linkFiles({ owner: other, files: [{ path: '../up', sizeBytes: 1 }], cause }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
