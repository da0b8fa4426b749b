// A deployment asked all rows of a dataset version: by the command line, on a real server, with a model whose answers one
// knows. What comes out, where it is kept, what bad rows and bad requests get.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type Client } from '@capstan/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openShop, PROJECT, rowsIn, serve, writeShop } from '../support/measured-shop.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const POINTS = 20_000;
const out = emptyFolder();
let server: RunningServer;
let client: Client;

type Batch = Awaited<ReturnType<Client['batchPredictions']['get']>>;

beforeAll(async () => {
  const folder = await writeShop(POINTS);
  server = await startServer(['--check-replies']);
  client = createClient({ baseUrl: server.url });
  await openShop(server.url, folder);
});
afterAll(async () => {
  await server?.stop();
});

async function predict(...args: string[]): Promise<Batch> {
  const { code, out: said, err } = await capstan(['predict', ...args, '--json', '--wait'], server.url);
  expect(code, err).toBe(0);
  return JSON.parse(said) as Batch;
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('the result', () => {
  test('is a version of the dataset: the input, an answer for each row in their order, and who answered', async () => {
    const batch = await predict('plus', '--dataset', 'points', '--to', 'answers');
    expect(batch).toMatchObject({
      state: 'succeeded',
      deployment: 'plus',
      revision: 1,
      model: 'plus',
      version: 1,
      rows: { total: POINTS, done: POINTS, failed: 0 },
      output: { dataset: 'answers', number: 1 },
    });
    const { items, columns, total } = await client.datasets.rows({
      params: { version: batch.output?.versionId ?? '' },
      query: { offset: POINTS - 2, limit: 2 },
    });
    expect(total).toBe(POINTS);
    expect(columns.map(({ name }) => name)).toEqual([
      'id',
      'x',
      'note',
      'prediction_id',
      'output_y',
      'model',
      'model_version',
      'revision',
    ]);
    const [, last] = items;
    const id = POINTS - 1;
    expect(last?.values).toEqual([
      id,
      id + 0.5,
      `n${id % 7}`,
      expect.stringMatching(/^[0-9a-f]{16}-20000$/),
      id + 1.5,
      'plus',
      1,
      1,
    ]);
  });

  test('tells where it comes from, and the input what was made of it', async () => {
    const [version] = (await client.datasets.versions({ params: { project: PROJECT, dataset: 'answers' }, query: {} }))
      .items;
    const { parents } = await client.datasets.getVersion({ params: { version: version?.id ?? '' } });
    expect(parents).toMatchObject([
      { how: expect.stringMatching(/^batch prediction bp_\w+ by plus\/1 \(revision 1 of plus\)$/) },
    ]);
    const { derived } = await client.lineage.usage({ params: { version: parents[0]?.versionId ?? '' } });
    expect(derived).toMatchObject([{ dataset: 'answers', number: 1, how: parents[0]?.how }]);
  });

  test('has the same bytes for the same model and data, and others for another model', async () => {
    const first = join(out, 'first.parquet');
    const again = join(out, 'again.parquet');
    const other = join(out, 'other.parquet');
    await predict('plus', '--dataset', 'points@1', '--to', first);
    await predict('plus', '--dataset', 'points@1', '--to', again);
    expect(sha256(again)).toBe(sha256(first));
    await serve(server.url, 'plus-two');
    await predict('plus', '--dataset', 'points@1', '--to', other);
    await predict('plus', '--revision', '1', '--dataset', 'points@1', '--to', again);
    expect(sha256(again)).toBe(sha256(first));
    const [row] = await rowsIn(other, 'select * from t where id = 7');
    expect(row).toMatchObject({ x: 7.5, output_y: 9.5, model_version: 2, revision: 2 });
  });

  test('may keep the key alone, be of mapped rows, and come from a model version without a deployment', async () => {
    const file = join(out, 'mapped.parquet');
    const sql = 'select id, x * 10 as tenfold from input where id >= 19000 order by id desc';
    const named = ['--model', 'plus', '--version', '1', '--dataset', 'points', '--sql', sql];
    const batch = await predict(...named, '--columns', 'x=tenfold', '--keep', 'key', '--to', file);
    expect(batch).toMatchObject({ deployment: null, revision: null, rows: { total: 1000, done: 1000 } });
    const rows = await rowsIn(file);
    expect(rows).toHaveLength(1000);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'id',
      'prediction_id',
      'output_y',
      'model',
      'model_version',
      'revision',
    ]);
    expect(rows[0]).toMatchObject({ id: 19_999, output_y: 199_996, revision: null });
  });

  test('is no part of the prediction log', async () => {
    const { out: said } = await capstan(
      ['predictions', 'query', 'select count(*) as n from predictions', '--json'],
      server.url,
    );
    expect(said === '' ? 0 : ((JSON.parse(said) as { rows: { n: number }[] }).rows[0]?.n ?? 0)).toBe(0);
  });
});

describe('a row that the model does not take', () => {
  test('fails the job with its number and column', async () => {
    const args = ['predict', 'plus', '--revision', '1', '--dataset', 'notes', '--to', 'texts', '--json', '--wait'];
    const { code, out: said } = await capstan(args, server.url);
    expect(code).toBe(1);
    const batch = JSON.parse(said) as Batch;
    expect(batch).toMatchObject({ state: 'failed', failedAt: { row: 42, column: 'x' }, output: null, result: null });
    expect(batch.reason).toContain('The column \'x\' holds "forty-one" where the model takes numbers');
  });

  test('is answered with nulls and the reason where that is asked for', async () => {
    const sql = "select id, case when id = 41 then ['bad'] else [cast(id as varchar)] end as x from input";
    const file = join(out, 'nulls.parquet');
    const numbers = 'select id, case when id = 41 then null else id end as x from input';
    const whole = await predict(
      'plus',
      '--revision',
      '1',
      '--dataset',
      'notes',
      '--sql',
      numbers,
      '--on-error',
      'null',
      '--to',
      file,
    );
    expect(whole.rows).toEqual({ total: 100, done: 100, failed: 0 });
    expect(await rowsIn(file, 'select id, output_y, error from t where id = 41')).toEqual([
      { id: 41, output_y: Number.NaN, error: null },
    ]);
    const bad = await predict(
      'plus',
      '--revision',
      '1',
      '--dataset',
      'notes',
      '--sql',
      sql,
      '--on-error',
      'null',
      '--to',
      file,
    );
    expect(bad.rows).toEqual({ total: 100, done: 100, failed: 100 });
  });
});

describe('bad requests change nothing', () => {
  test.each([
    [['plus', '--dataset', 'pints'], 3, 'pints'],
    [['plas', '--dataset', 'points'], 3, 'plas'],
    [['plus', '--revision', '9', '--dataset', 'points'], 3, 'plus/9'],
    [['--dataset', 'points'], 2, 'Nothing is named'],
    [['plus', '--model', 'plus', '--dataset', 'points'], 2, 'name a deployment or a model'],
    [['--model', 'plus', '--alias', 'chump', '--dataset', 'points'], 3, "no alias 'chump'"],
    [['plus', '--dataset', 'points', '--to', 'points'], 5, 'which it is made from'],
    [['plus', '--dataset', 'points', '--to', 'a/b.txt'], 2, 'neither a dataset nor a Parquet file'],
    [['plus', '--dataset', 'points', '--columns', 'z=x'], 2, "no input 'z'"],
    [['plus', '--dataset', 'points', '--columns', 'x=y'], 2, "no column 'y'"],
    [['plus', '--dataset', 'points', '--keep', 'id,nose'], 2, "no column 'nose'"],
    [['plus', '--dataset', 'points', '--sql', 'select id from input'], 2, "no column 'x'"],
    [['plus', '--dataset', 'points', '--sql', 'select 1; select 2'], 2, 'statements'],
    [['plus', '--dataset', 'points', '--sql', "select * from read_csv('/etc/passwd')"], 2, ''],
  ])('%j', async (args, code, text) => {
    const before = (await client.batchPredictions.list({ query: {} })).items.length;
    const said = await capstan(['predict', ...args], server.url);
    expect(said.err).toContain(text);
    expect(said.code, said.err).toBe(code);
    expect((await client.batchPredictions.list({ query: {} })).items).toHaveLength(before);
  });
});
