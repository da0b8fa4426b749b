import type { PredictionRecord } from '@capstan/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { LoggedRequest } from '#ports/prediction-log';
import { openFeedbackBench, START, type FeedbackBench } from '../testing.ts';
import { ENOUGH_FILES } from './compact-log.ts';

const part = {
  role: 'champion' as const,
  revision: 1,
  modelVersion: 1,
  share: 1,
  threshold: 0.5,
  shift: 0,
  rows: null,
  probabilities: null,
  error: null,
  latencyUs: 10,
};

function record(request: string, more: Partial<PredictionRecord>): PredictionRecord {
  return {
    v: 1,
    request,
    deployment: 'late-arrival',
    rollout: null,
    stage: null,
    at: START,
    examples: ['a', 'b'],
    eventTimes: null,
    inputs: [
      { name: 'x', datatype: 'FP32', width: 1, data: [0.1, null] },
      { name: 'pixels', datatype: 'UINT8', width: 2, data: [1, 2, 3, 4] },
    ],
    parts: [part],
    ...more,
  };
}

describeDatabases('the prediction log', (open) => {
  let bench: FeedbackBench;

  beforeEach(async () => {
    bench = await openFeedbackBench(await open());
  });
  afterEach(() => bench.close());

  const all = (sql: string) => ({ sql, limit: 1_000 });

  test('has a row for each example and part, exact values, lists of tensors, shadows with the inputs they saw', async () => {
    const outputs = [
      { name: 'y', datatype: 'BYTES', width: 1, data: ['yes', 'no; "quoted"'] },
      { name: 'Y', datatype: 'INT64', width: 1, data: ['9007199254740993', 2] },
    ];
    await bench.take([
      record('r1', { parts: [{ ...part, outputs }] }),
      record('r1', {
        inputs: null,
        examples: ['b'],
        parts: [{ ...part, role: 'shadow', revision: 2, error: 'no luck' }],
      }),
    ]);
    const { rows } = await bench.predictions.query(all('select * from predictions order by role, example_id'));
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatchObject({
      example_id: 'a',
      request_id: 'r1',
      role: 'champion',
      propensity: 1,
      input_x: Math.fround(0.1),
      input_pixels: [1, 2],
      output_y: 'yes',
      output_Y_2: '9007199254740993',
      predicted_at: '2013-04-01T00:00:00Z',
    });
    expect(rows[1]).toMatchObject({ input_x: null, output_y: 'no; "quoted"', request_row: 1 });
    expect(rows[2]).toMatchObject({ role: 'shadow', revision: 2, error: 'no luck', input_pixels: [3, 4] });
  });

  test('says which rows were computed together, and with which chance the values of a row are there', async () => {
    const of = (request: string, more: Partial<LoggedRequest>): LoggedRequest => ({
      request,
      deployment: 'late-arrival',
      rollout: null,
      stage: null,
      at: START,
      rows: 3,
      examples: null,
      eventTimes: null,
      inputs: [{ name: 'x', datatype: 'FP32', width: 1, data: Float32Array.of(0.5, Number.NaN, Infinity) }],
      parts: [{ ...part, outputs: null }],
      ...more,
    });
    const batches = [
      { id: 'b-1', rows: 7, own: 2 },
      { id: 'b-2', rows: 1, own: 1 },
    ];
    await bench.takeFrames([
      of('r1', { parts: [{ ...part, outputs: null, batches }], sampling: { share: 0.5, isKept: true } }),
      of('r2', { inputs: null, sampling: { share: 0.5, isKept: false } }),
      of('r3', { rows: 1, inputs: [{ name: 'x', datatype: 'FP32', width: 1, data: null }] }),
    ]);
    const sql = `select example_id, batch, batch_rows, sampling, is_sampled, input_x from predictions
      order by request_id, request_row`;
    const { rows } = await bench.predictions.query(all(sql));
    expect(rows.map((row) => Object.values(row))).toEqual([
      ['r1-0', 'b-1', 7, 0.5, true, 0.5],
      ['r1-1', 'b-1', 7, 0.5, true, null],
      ['r1-2', 'b-2', 1, 0.5, true, null],
      ['r2-0', null, null, 0.5, false, null],
      ['r2-1', null, null, 0.5, false, null],
      ['r2-2', null, null, 0.5, false, null],
      ['r3', null, null, 1, true, null],
    ]);
    expect(await bench.outcomes({ 'r2-1': 1, 'late-arrival:r3': 0 })).toMatchObject({ joined: 2, pending: 0 });
    expect(await bench.predictions.find('late-arrival:r2-1')).toHaveLength(1);
  });

  test('many small files become one, and nothing is lost or twice', async () => {
    for (let index = 0; index < ENOUGH_FILES; index++) await bench.take([record(`r${index}`, { at: START + index })]);
    const count = async () => (await bench.predictions.query(all('select count(*) as n from predictions'))).rows;
    expect(await count()).toEqual([{ n: ENOUGH_FILES * 2 }]);
    await bench.predictions.compactLog('late-arrival');
    expect(await bench.logFiles()).toMatchObject([{ rows: ENOUGH_FILES * 2, min_at: START, max_at: START + 63 }]);
    expect(await count()).toEqual([{ n: ENOUGH_FILES * 2 }]);
    await bench.predictions.compactLog('late-arrival');
    expect(await bench.logFiles()).toHaveLength(1);
  });

  test('what is older than it is kept for goes by whole files, and rows of a project stay', async () => {
    await bench.take([record('old', { at: START, examples: ['a', 'b'] })]);
    await bench.take([record('new', { at: START + 2, examples: ['c', 'd'] })]);
    await bench.predictions.expireLog(START + 1);
    const { rows } = await bench.predictions.query(all('select request_id from predictions group by all'));
    expect(rows).toEqual([{ request_id: 'new' }]);
    expect(await bench.predictions.find('a')).toHaveLength(1);
  });

  test('only one select is answered, and no more rows than asked for', async () => {
    await expect(bench.predictions.query(all('select 1 from predictions'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await bench.take([record('r1', {})]);
    const refused = [
      "select 1) ; copy (select 1) to '/tmp/x.csv' ; select * from (select 1",
      "copy predictions to '/tmp/x.csv'",
      "select * from read_text('/etc/hostname')",
      'select nothing from predictions',
      'drop view predictions',
    ];
    for (const sql of refused) {
      await expect(bench.predictions.query(all(sql)), sql).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    const cut = await bench.predictions.query({ sql: 'select example_id from predictions order by 1;', limit: 1 });
    expect(cut).toEqual({ rows: [{ example_id: 'a' }], isCut: true });
  });
});
