import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { DomainError } from '#kernel/errors';
import type { LoadedModel } from '#ports/model-runtime';
import { doWork } from './do-work.ts';
import { workFiles, type WorkRequest } from './request.ts';

const golden = (file: string): string =>
  fileURLToPath(new URL(`../../../adapters/runtime-onnx/golden/${file}`, import.meta.url));
const models = fileURLToPath(new URL('../../../../../../tests/support/models', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'do-work-'));
const analytics = createAnalyticsDuckdb({ temporaryFolder: join(root, 'spill'), concurrency: 3 });
const runtime = createRuntimeOnnx();
const ROWS = 10_000;
const rows = join(root, 'rows.parquet');

beforeAll(async () => {
  const sql = `select i as id, cast(i as float) as x, if(i in (5000, 5001, 9999), 'bad', 'good') as kind from range(${ROWS}) t(i)`;
  await analytics.write({ tables: {}, sql }, { path: rows, format: 'parquet' });
});
afterAll(() => rmSync(root, { recursive: true }));

function request(more: Partial<WorkRequest> = {}): WorkRequest {
  return {
    model: { flavor: 'onnx', path: join(models, 'plus-one.onnx'), inputAdapters: {}, shift: 0 },
    files: [{ path: rows, format: 'parquet', label: 'rows.parquet' }],
    sql: null,
    columns: {},
    keep: ['id'],
    onError: 'fail',
    stamp: { idPrefix: 'p', model: "it's", version: 1, revision: null },
    format: 'parquet',
    ...more,
  };
}

const newFolder = (): string => mkdtempSync(join(root, 'work-'));
type Load = (path: string) => Promise<LoadedModel>;

async function work(
  folder: string,
  asked: WorkRequest,
  load: Load = runtime.load,
  signal = new AbortController().signal,
) {
  const done: number[] = [];
  const onProgress = (progress: { done: number }) => void done.push(progress.done);
  const progress = await doWork({ analytics, load: (_, path) => load(path), signal, onProgress }, folder, asked);
  return { progress, done };
}

const resultIn = (folder: string, sql: string) =>
  analytics.query({
    tables: { t: [{ path: join(folder, 'result.parquet'), format: 'parquet', label: 'result' }] },
    sql,
  });

const digestOf = (folder: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, 'result.parquet')))
    .digest('hex');

/** The model, but it refuses every batch with an x among these. */
const refusing =
  (...values: number[]): Load =>
  async (path) => {
    const model = await runtime.load(path);
    return {
      ...model,
      predict(inputs, options) {
        const data = inputs[0]?.data as Float32Array;
        if (data.some((value) => values.includes(value))) throw new DomainError('INVALID_ARGUMENT', 'I do not like it');
        return model.predict(inputs, options);
      },
    };
  };

test('every row has its answer, in order', async () => {
  const folder = newFolder();
  const { progress, done } = await work(folder, request());
  expect(progress).toMatchObject({ total: ROWS, done: ROWS, failed: 0 });
  expect(done).toEqual([0, 4_096, 8_192, ROWS]);
  const sql = `select count(*) as n, count(distinct prediction_id) as ids, bool_and(output_y = id + 1) as right,
               bool_and(prediction_id = 'p-' || (id + 1)) as named, min(model) as model from t`;
  expect(await resultIn(folder, sql)).toEqual([{ n: ROWS, ids: ROWS, right: true, named: true, model: "it's" }]);
});

describe('rows that the model does not take', () => {
  test('fail the work, the first of them named, wherever in a batch it stands', async () => {
    const failing = work(newFolder(), request(), refusing(5_000, 5_001, 9_999));
    await expect(failing).rejects.toMatchObject({ row: 5_001, column: null, message: 'Row 5001: I do not like it' });
    const sql = "select id, if(kind = 'bad', ['no', 'no'], null) as x from input";
    await expect(work(newFolder(), request({ sql }))).rejects.toMatchObject({ row: 5_001, column: 'x' });
  });

  test('are answered with nulls and the reason, and harm no other', async () => {
    const folder = newFolder();
    const { progress } = await work(folder, request({ onError: 'null' }), refusing(5_000, 9_999));
    expect(progress).toMatchObject({ done: ROWS, failed: 2 });
    expect(
      await resultIn(folder, 'select id, output_y, error from t where output_y is null or error is not null'),
    ).toEqual([
      { id: 5_000, output_y: null, error: 'I do not like it' },
      { id: 9_999, output_y: null, error: 'I do not like it' },
    ]);
    expect(await resultIn(folder, 'select count(*) as n from t where output_y = id + 1')).toEqual([{ n: ROWS - 2 }]);
  });
});

test('work that is cut off goes on behind its last part, to the same bytes', async () => {
  const whole = newFolder();
  await work(whole, request());
  const cut = newFolder();
  await expect(work(cut, request(), refusing(9_999))).rejects.toThrow('Row 10000');
  await work(cut, request());
  expect(digestOf(cut)).toBe(digestOf(whole));

  const resumed = newFolder();
  await work(resumed, request());
  const parts = join(resumed, workFiles.parts);
  expect(readdirSync(parts)).toEqual(['000000000000000-10000.parquet']);
  // A part of another work shows that it is taken as it is, one behind a gap that it is not.
  rmSync(join(resumed, 'result.parquet'));
  const first = join(parts, '000000000000000-4096.parquet');
  const sql =
    'select row_number() over () as row, cast(-1 as float) as o0_0, cast(null as varchar) as error from range(4096)';
  await analytics.write({ tables: {}, sql }, { path: first, format: 'parquet' });
  rmSync(join(parts, '000000000000000-10000.parquet'));
  writeFileSync(join(parts, '000000000009000-10.parquet'), 'cut off');
  const { done } = await work(resumed, request());
  expect(done[0]).toBe(4_096);
  expect(await resultIn(resumed, 'select count(*) as n, sum(if(output_y = -1, 1, 0)) as taken from t')).toEqual([
    { n: ROWS, taken: 4_096 },
  ]);
});

test('a model that gives no answer for each row, or has a dead process, is nobody’s row', async () => {
  const short: Load = async (path) => {
    const model = await runtime.load(path);
    return {
      ...model,
      predict: async (inputs) => (await model.predict(inputs)).map((output) => ({ ...output, shape: [1, 1] })),
    };
  };
  await expect(work(newFolder(), request(), short)).rejects.toMatchObject({ code: 'CONFLICT' });
  let calls = 0;
  const dying: Load = async (path) => ({
    ...(await runtime.load(path)),
    predict() {
      calls += 1;
      throw new DomainError('UNAVAILABLE', 'its process has ended');
    },
  });
  await expect(work(newFolder(), request({ onError: 'null' }), dying)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(calls).toBeGreaterThanOrEqual(3);
});

test('no rows give a file with the columns alone; names that are taken are refused', async () => {
  const folder = newFolder();
  await work(folder, request({ sql: 'select * from input limit 0', onError: 'null' }));
  const described = 'select column_name as name from (describe select * from t)';
  expect((await resultIn(folder, described)).map(({ name }) => name)).toEqual([
    'id',
    'prediction_id',
    'output_y',
    'model',
    'model_version',
    'revision',
    'error',
  ]);
  const sql = 'select id, x, 1 as "Output_Y" from input';
  await expect(work(newFolder(), request({ sql, keep: null }))).rejects.toThrow(
    /'Output_Y', which is one of the result/,
  );
});

test('texts, labels and several values a row', async () => {
  const folder = newFolder();
  const model = await runtime.load(golden('columns.onnx'));
  const columns = Object.fromEntries(model.inputs.map(({ name, datatype }) => [name, datatype]));
  await model.close();
  const selected = Object.entries(columns).map(([name, type]) => `${type === 'BYTES' ? "'UA'" : 'x'} as "${name}"`);
  const sql = `select id, ${selected.join(', ')} from input limit 100`;
  const asked = request({
    sql,
    model: { flavor: 'onnx', path: golden('columns.onnx'), inputAdapters: {}, shift: 0.5 },
  });
  await work(folder, asked);
  const [row] = await resultIn(folder, 'select * from t limit 1');
  const lists = Object.values(row ?? {}).filter((value) => Array.isArray(value));
  expect(lists).toHaveLength(1);
  expect((lists[0] as number[]).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
});

describe('a model whose tensors have no dimension of rows', () => {
  const model = (file: string) => ({ flavor: 'onnx' as const, path: golden(file), inputAdapters: {}, shift: 0 });
  const sql = `select id, x, [1, 2, id]::float[] as vector, 0.5 as "offset", 9007199254740993 + id as count
               from input where id < 600`;
  /** The model, which counts what it is asked, and refuses some. */
  const counting = (asked: number[][], refused: readonly number[] = []): Load => {
    return async (path) => {
      const loaded = await runtime.load(path);
      return {
        ...loaded,
        predict(inputs, options) {
          const x = Number(inputs.find(({ name }) => name === 'x')?.data[0]);
          asked.push([x, ...inputs.map(({ shape }) => shape.length)]);
          if (refused.includes(x)) throw new DomainError('INVALID_ARGUMENT', 'not that one');
          return loaded.predict(inputs, options);
        },
      };
    };
  };

  test('is asked row by row: each has its own answer, in order, and whole numbers are exact', async () => {
    const folder = newFolder();
    const asked: number[][] = [];
    const { progress } = await work(folder, request({ sql, model: model('scalars.onnx') }), counting(asked));
    expect(progress).toMatchObject({ total: 600, done: 600, failed: 0 });
    expect(asked.map(([x]) => x).toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 600 }, (_, x) => x));
    expect(new Set(asked.map(([, ...dimensions]) => dimensions.join()))).toEqual(new Set(['0,1,0,0']));
    const check = `select count(*) as n, bool_and(output_scaled = [id + 0.5, id * 2 + 0.5, id::float * id + 0.5]::float[]) as scaled,
                          bool_and(output_count_out = 9007199254740993 + id) as counts, typeof(min(output_total)) as type,
                          bool_and(prediction_id = 'p-' || (id + 1)) as named from t`;
    expect(await resultIn(folder, check)).toEqual([{ n: 600, scaled: true, counts: true, type: 'FLOAT', named: true }]);
  });

  test('a row that it refuses, or that has other values than it takes, is told and harms no other; none is asked twice', async () => {
    const folder = newFolder();
    const asked: number[][] = [];
    const short = sql.replace('[1, 2, id]', 'if(id = 7, [1], [1, 2, id])');
    const given = request({ sql: short, model: model('scalars.onnx'), onError: 'null' });
    expect((await work(folder, given, counting(asked, [300]))).progress).toMatchObject({ done: 600, failed: 2 });
    expect(asked).toHaveLength(599);
    expect(await resultIn(folder, 'select id, output_total, error from t where error is not null order by id')).toEqual(
      [
        { id: 7, output_total: null, error: 'The column holds [1] where the model takes lists of 3 values' },
        { id: 300, output_total: null, error: 'not that one' },
      ],
    );
    expect(await resultIn(folder, 'select count(*) as n from t where output_scaled[1] = id + 0.5')).toEqual([
      { n: 598 },
    ]);
    const failing = work(newFolder(), { ...given, onError: 'fail' });
    await expect(failing).rejects.toMatchObject({ row: 8, column: 'vector' });
  });

  test('columns may be named, or numbered, for a vector', async () => {
    const folder = newFolder();
    const numbered = sql.replace('[1, 2, id]::float[] as vector', '1 as a, 2 as vector_0, id as b');
    const columns = { vector: ['a', 'vector_0', 'b'] };
    await work(folder, request({ sql: numbered, columns, model: model('scalars.onnx') }));
    expect(await resultIn(folder, 'select output_scaled as s from t where id = 3')).toEqual([{ s: [3.5, 6.5, 9.5] }]);
    const few = { vector: ['a', 'b'] };
    await expect(
      work(newFolder(), request({ sql: numbered, columns: few, model: model('scalars.onnx') })),
    ).rejects.toThrow("The input 'vector' takes 3 columns, and 2 are named for it");
  });

  test.each([
    [
      'beside-rows.onnx',
      'select id, x as rows_0, x as rows_1, 1 as factor from input',
      /^The input 'rows' leaves more open/,
    ],
    [
      'mean.onnx',
      'select id, x as rows_0, x as rows_1 from input',
      /^The output 'mean' of the model has no value for each row/,
    ],
  ])('%s is refused by what it cannot be asked for', async (file, select, says) => {
    await expect(work(newFolder(), request({ sql: select, model: model(file) }))).rejects.toThrow(says);
  });
});
