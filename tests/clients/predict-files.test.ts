// A deployment asked the rows of a local file by the command line, on a real server: formats in and out, what bad rows and bad
// requests get, and that nothing half written stays.
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killFound, parentOf, processesLike } from '../support/processes.ts';
import { openShop, rowsIn, serve, writeShop } from '../support/measured-shop.ts';
import { capstan, emptyFolder, startCommand, startServer, type RunningServer } from '../support/server.ts';

const folder = emptyFolder();
const ROWS = 3_000;
let server: RunningServer;

beforeAll(async () => {
  const shop = await writeShop(10);
  server = await startServer(['--check-replies']);
  await openShop(server.url, shop);
  const rows = Array.from({ length: ROWS }, (_, id) => ({ id, x: id + 0.5, note: id % 2 ? 'odd, or not' : '' }));
  writeFileSync(
    join(folder, 'rows.csv'),
    `id,x,note\n${rows.map((row) => `${row.id},${row.x},"${row.note}"`).join('\n')}\n`,
  );
  writeFileSync(join(folder, 'rows.ndjson'), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
  writeFileSync(join(folder, 'rows.jsonl'), readFileSync(join(folder, 'rows.ndjson')));
  const made = await predict('rows.csv', 'rows.parquet', '--sql', 'select id, cast(x as float) as x, note from input');
  expect(made.code, made.err).toBe(0);
});
afterAll(async () => {
  await server?.stop();
});

const predict = (input: string, output: string, ...more: string[]) =>
  capstan(['predict', 'plus', '--input', input, '--output', output, ...more], server.url, folder);

function read(file: string): Promise<Record<string, unknown>[]> {
  const path = join(folder, file);
  if (!/json/.test(file)) return rowsIn(path);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return Promise.resolve(lines.map((line) => JSON.parse(line) as Record<string, unknown>));
}

const namesIn = () => readdirSync(folder).toSorted();

describe('a file of rows', () => {
  test.each([
    ['rows.csv', 'a.parquet'],
    ['rows.ndjson', 'b.csv'],
    ['rows.jsonl', 'c.jsonl'],
    ['rows.parquet', 'd.ndjson'],
  ])('%s becomes %s: its rows in their order, each with its answer', async (input, output) => {
    const { code, out, err } = await predict(input, output, '--json', '--keep', 'id,x,note');
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'capstan/predicted-file.v1',
      deployment: 'plus',
      revision: 1,
      model: 'plus',
      version: 1,
      input,
      output,
      rows: { total: ROWS, done: ROWS, failed: 0 },
    });
    const rows = await read(output);
    expect(rows.map(({ id, x, output_y: y }) => [id, x, y])).toEqual(
      Array.from({ length: ROWS }, (_, id) => [id, id + 0.5, id + 1.5]),
    );
    expect(rows[1]).toMatchObject({ note: 'odd, or not', model: 'plus', model_version: 1, revision: 1 });
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'id',
      'x',
      'note',
      'prediction_id',
      'output_y',
      'model',
      'model_version',
      'revision',
    ]);
  });

  test('is logged as any caller’s, by the ids that stand beside the answers', async () => {
    expect((await predict('rows.csv', 'logged.csv', '--keep', 'id')).code).toBe(0);
    const [first] = await read('logged.csv');
    await fetch(`${server.servingUrl}/api/v1/serving/flush`, { method: 'POST' });
    const sql = `select output_y from predictions where example_id = '${String(first?.['prediction_id'])}'`;
    const logged = async (): Promise<unknown> => {
      const { out } = await capstan(['predictions', 'query', sql, '--json'], server.url);
      return out === '' ? [] : (JSON.parse(out) as { rows: unknown }).rows;
    };
    await expect.poll(logged, { timeout: 20_000 }).toEqual([{ output_y: 1.5 }]);
  });

  test('goes to standard output as lines of JSON, and what is said elsewhere', async () => {
    const { code, out, err } = await predict('rows.csv', '-', '--sql', 'select x from input limit 2');
    expect(code, err).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { output_y: number }).output_y)).toEqual([1.5, 2.5]);
    expect(err).toMatch(/^rows\.csv: 2 rows asked of plus revision 1 \(plus\/1\)/);
  });

  test('without a row gives a file without one', async () => {
    expect((await predict('rows.csv', 'none.parquet', '--sql', 'select x from input where x < 0')).code).toBe(0);
    expect(await read('none.parquet')).toEqual([]);
  });
});

describe('a row that the model does not take', () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'bad.csv'), 'id,x\n0,0.5\n1,\n2,two\n3,3.5\n');
    writeFileSync(join(folder, 'bad.ndjson'), '{"x":1}\n{"x":"two"}\n{"x":3}\n');
  });

  test.each([
    ['bad.csv', 'Row 3: The column \'x\' holds "two"'],
    ['bad.ndjson', 'Row 2: The column \'x\' holds "two"'],
  ])('ends it, and is named: %s', async (input, message) => {
    writeFileSync(join(folder, 'kept.csv'), 'as it was');
    const before = namesIn();
    const { code, out, err } = await predict(input, 'kept.csv');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`${input}: ${message} where the model takes numbers`);
    expect(namesIn()).toEqual(before);
    expect(readFileSync(join(folder, 'kept.csv'), 'utf8')).toBe('as it was');
  });

  test('has nulls and the reason where that is asked for', async () => {
    const { code, out } = await predict('bad.csv', 'nulls.ndjson', '--on-error', 'null', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ rows: { total: 4, done: 4, failed: 1 } });
    const rows = await read('nulls.ndjson');
    expect(rows.map(({ output_y: y, error }) => [y, error])).toEqual([
      [1.5, null],
      // A missing number is NaN for the model, and so is what it answers.
      [null, null],
      [null, 'The column \'x\' holds "two" where the model takes numbers'],
      [4.5, null],
    ]);
    expect(rows[2]).toMatchObject({ prediction_id: null });
  });
});

describe('what is refused before anything is done', () => {
  test.each([
    ['both', ['--input', 'rows.csv', '--dataset', 'points', '--output', 'n.csv'], 2, '--input and --dataset exclude'],
    ['neither', [], 2, 'No rows are named'],
    ['no place', ['--input', 'rows.csv'], 2, 'No place for the answers'],
    ['a place without a file', ['--dataset', 'points', '--output', 'n.csv'], 2, '--output goes with --input'],
    ['a place of datasets', ['--input', 'rows.csv', '--output', 'n.csv', '--to', 'x'], 2, '--to goes with --dataset'],
    ['a model', ['--input', 'rows.csv', '--output', 'n.csv', '--model', 'm'], 2, '--model goes with --dataset'],
    ['a key', ['--input', 'rows.csv', '--output', 'n.csv', '--keep', 'key'], 2, 'No key of a file is declared'],
    ['a format', ['--input', 'rows.txt', '--output', 'n.csv'], 2, 'The name of rows.txt says no format'],
    ['a format of answers', ['--input', 'rows.csv', '--output', 'n.xls'], 2, 'The name of n.xls says no format'],
    ['no file', ['--input', 'no.csv', '--output', 'n.csv'], 2, 'There is no file'],
    ['no folder', ['--input', 'rows.csv', '--output', 'no/n.csv'], 2, 'There is no folder'],
    ['itself', ['--input', 'rows.csv', '--output', './rows.csv'], 2, 'cannot take the place of the rows'],
    ['two outputs', ['--input', 'rows.csv', '--output', '-', '--json'], 2, 'would write to the same place'],
    ['a revision', ['--input', 'rows.csv', '--output', 'n.csv', '--revision', '9'], 3, "No revision 'plus/9'"],
    ['a column', ['--input', 'rows.csv', '--output', 'n.csv', '--columns', 'x=nope'], 2, "no column 'nope'"],
    ['a broken file', ['--input', 'broken.parquet', '--output', 'n.csv'], 2, 'broken.parquet'],
  ])('%s', async (_, args, expected, message) => {
    writeFileSync(join(folder, 'broken.parquet'), 'PAR1');
    const before = namesIn();
    const { code, out, err } = await capstan(['predict', 'plus', ...args], server.url, folder);
    expect(err).toContain(message);
    expect([code, out]).toEqual([expected, '']);
    expect(namesIn()).toEqual(before);
  });
});

describe('a long file', () => {
  const MANY = 400_000;
  const isUnderWay = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('parts'));
  const begin = async () => {
    const child = startCommand(
      ['predict', 'plus', '--input', 'many.csv', '--output', 'many.parquet'],
      server.url,
      folder,
    );
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    await expect.poll(isUnderWay, { timeout: 30_000, interval: 5 }).toBe(true);
    return { child, said: () => err };
  };

  beforeAll(() => {
    const lines = Array.from({ length: MANY }, (_, id) => `${id},${id}`).join('\n');
    writeFileSync(join(folder, 'many.csv'), `id,x\n${lines}\n`);
  });

  test('leaves nothing where it is stopped', async () => {
    const before = namesIn();
    const { child, said } = await begin();
    child.kill('SIGINT');
    await once(child, 'close');
    expect(child.exitCode).toBe(130);
    expect(said()).toContain('nothing was written');
    expect(namesIn()).toEqual(before);
  });

  test('outlives a data plane that is killed and comes back', async () => {
    const { child, said } = await begin();
    const [plane] = processesLike('serve').filter((pid) => parentOf(pid) === server.pid);
    killFound(plane);
    await once(child, 'close');
    expect(child.exitCode, said()).toBe(0);
    const sql = 'select count(*) as n, sum(id) as ids, sum(output_y) as answers, max(output_y - id) as most from t';
    const [found] = await rowsIn(join(folder, 'many.parquet'), sql);
    const ids = (MANY * (MANY - 1)) / 2;
    expect(found).toMatchObject({ n: MANY, answers: ids + MANY, most: 1 });
    expect(Number(found?.['ids'])).toBe(ids);
  });
});

test('another revision answers where it is named, and a deployment of declared consumers whoever has a token', async () => {
  await serve(server.url, 'plus-two');
  const made = [
    'consumers',
    'create',
    'reader',
    '--owner',
    'me',
    '--purpose',
    'a test',
    '--deployment',
    'plus',
    '--json',
  ];
  const { token } = JSON.parse((await capstan(made, server.url)).out) as { token: string };
  expect((await capstan(['consumers', 'require', 'plus'], server.url)).code).toBe(0);
  const sync = await fetch(`${server.servingUrl}/api/v1/serving/sync`, { method: 'POST' });
  expect(sync.ok).toBe(true);
  const asked = (env: Record<string, string>, ...more: string[]) =>
    capstan(['predict', 'plus', '--input', 'rows.csv', '--output', 'two.csv', ...more], server.url, folder, env);
  const refused = await asked({});
  expect([refused.code, refused.err]).toEqual([4, expect.stringContaining('plus answers declared consumers only')]);
  const { code, err } = await asked({ CAPSTAN_CONSUMER_TOKEN: token }, '--revision', '2');
  expect(code, err).toBe(0);
  expect((await read('two.csv'))[0]).toMatchObject({ output_y: 2.5, revision: 2, model_version: 2 });
  const gone = await asked({ CAPSTAN_CONSUMER_TOKEN: token }, '--revision', '1');
  expect([gone.code, gone.err]).toEqual([
    5,
    expect.stringMatching(/No data plane serves revision 1 .*\n.*Served is: 2\./),
  ]);
});
