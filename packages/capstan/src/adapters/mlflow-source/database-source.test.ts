import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type { RunPoints, SourceRun, TrackingSource } from '#ports/tracking-source';
import { openMlflowSource } from './index.ts';

const ID = 'a'.repeat(32);
const FAR = '9223372036854775807';

/** What every MLflow has had, with the columns of each. */
const tables = (isNan: string) => `
  create table experiments (experiment_id integer, name varchar(256), artifact_location varchar(256), lifecycle_stage varchar(32));
  create table runs (run_uuid varchar(32), name varchar(250), user_id varchar(256), status varchar(20), start_time bigint,
    end_time bigint, lifecycle_stage varchar(20), artifact_uri varchar(200), experiment_id integer);
  create table params (key varchar(250), value varchar(500), run_uuid varchar(32));
  create table tags (key varchar(250), value varchar(5000), run_uuid varchar(32));
  create table metrics (key varchar(250), value double precision, timestamp bigint, run_uuid varchar(32), step bigint, is_nan boolean);
  insert into experiments values (0, 'Default', './mlruns/0', 'active'), (4, 'gone', 's3://b/4', 'deleted');
  insert into runs values ('${ID}', '', 'ops', 'FINISHED', 10, 20, 'active', 'mlflow-artifacts:/0/${ID}/artifacts', 0);
  insert into params values ('depth', '3', '${ID}');
  insert into tags values ('mlflow.runName', 'old', '${ID}'), ('empty', null, '${ID}');
  insert into metrics values ('loss', 0.5, 11, '${ID}', ${FAR}, ${isNan === 'boolean' ? 'false' : '0'}),
    ('loss', 0, 12, '${ID}', 1, ${isNan === 'boolean' ? 'true' : '1'});`;

const options = { artifacts: [], credentials: {}, cwd: '/' };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'capstan-mlflow-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function openSqlite(artifacts: readonly string[] = []): Promise<TrackingSource> {
  const path = join(folder(), 'mlflow.db');
  const file = new DatabaseSync(path);
  file.exec(tables('integer'));
  file.close();
  return await openMlflowSource(`sqlite:///${path}`, { ...options, artifacts });
}

async function openPostgres(): Promise<TrackingSource> {
  const url = new URL(inject('postgresUrl'));
  const schema = `mlflow_${process.pid}_${Math.trunc(performance.now() * 1_000)}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(`create schema ${schema}; set search_path to ${schema}; ${tables('boolean')}`);
  onTestFinished(async () => {
    await client.query(`drop schema ${schema} cascade`);
    await client.end();
  });
  url.searchParams.set('options', `-c search_path=${schema}`);
  return await openMlflowSource(url.href, options);
}

async function all<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

describe.each([
  ['SQLite', openSqlite],
  ['PostgreSQL', openPostgres],
])('the database of an MLflow of 2020 (%s)', (_name, open) => {
  test('is read as far as it goes, and what it lacks is said', async () => {
    const source = await open();
    expect(source.notes.join('\n')).toMatch(
      /no dataset inputs[^]*no logged models[^]*no registered models[^]*no aliases/,
    );
    expect(await source.experiments()).toMatchObject([
      { id: '0', name: 'Default', lifecycle: 'active', createdAt: 0, tags: {} },
      { id: '4', name: 'gone', lifecycle: 'deleted' },
    ]);
    const runs = await all<SourceRun>(source.runs('0'));
    expect(runs).toMatchObject([
      { id: ID, user: 'ops', startTime: 10, endTime: 20, params: { depth: '3' }, tags: { empty: '' }, pointsMark: '2' },
    ]);
    const points: RunPoints[] = [];
    for await (const piece of source.points(runs)) points.push(piece);
    expect(points).toEqual([
      {
        runId: ID,
        metrics: [{ key: 'loss', steps: [BigInt(FAR), 1], timestamps: [11, 12], values: [0.5, Number.NaN] }],
      },
    ]);
    expect(await all(source.loggedModels('0'))).toEqual([]);
    expect(await source.counts(['0', '4'])).toMatchObject({ experiments: 2, runs: 1, points: 2, traces: 0 });
    await source.close();
  });

  test('a history longer than is read at once comes in pieces, whole', async () => {
    const source = await open();
    const [run] = await all<SourceRun>(source.runs('0'));
    if (!run) throw new Error('no run');
    const long = [{ ...run, pointsMark: '30000' }];
    const read = async (): Promise<number[]> => {
      const values: number[] = [];
      for await (const { metrics } of source.points(long)) for (const series of metrics) values.push(...series.values);
      return values;
    };
    const [values, again] = await Promise.all([read(), read()]);
    expect(again).toEqual(values);
    expect(values).toEqual([0.5, Number.NaN]);
    await source.close();
  });
});

describe('files', () => {
  const owner = (artifactUri: string) => ({ kind: 'run', id: ID, artifactUri }) as const;

  test('lie where --artifacts says, and nowhere above it', async () => {
    const root = folder();
    mkdirSync(join(root, '0', ID, 'artifacts', 'deep'), { recursive: true });
    writeFileSync(join(root, '0', ID, 'artifacts', 'deep', '100%.txt'), 'x');
    const source = await openSqlite([root]);
    const files = await source.files(owner(`mlflow-artifacts:/0/${ID}/artifacts`));
    expect(files).toMatchObject([{ path: 'deep/100%.txt', sizeBytes: 1 }]);
    expect(await source.files(owner(`mlflow-artifacts://host:1/0/${ID}/artifacts`))).toHaveLength(1);
    for (const up of ['mlflow-artifacts:/../../etc', 'mlflow-artifacts:/%2e%2e/%2e%2e/etc']) {
      await expect(async () => await source.files(owner(up))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await source.close();
  });

  test('of another place are told to be there, with the way to them', async () => {
    const source = await openSqlite();
    await expect(async () => await source.files(owner('s3://bucket/0'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      hint: expect.stringContaining('--artifacts'),
    });
    await source.close();
  });
});

test.each([
  ['ftp://x', 'INVALID_ARGUMENT'],
  ['sqlite:////nowhere/mlflow.db', 'NOT_FOUND'],
  ['/nowhere/mlruns', 'NOT_FOUND'],
  ['postgresql://nobody@127.0.0.1:1/none', 'UNAVAILABLE'],
])('%s is refused with %s', async (uri, code) => {
  await expect(openMlflowSource(uri, options)).rejects.toMatchObject({ code });
});

test('a database that is none of MLflow is refused', async () => {
  const path = join(folder(), 'other.db');
  const file = new DatabaseSync(path);
  file.exec('create table experiments (id integer)');
  file.close();
  await expect(openMlflowSource(`sqlite:///${path}`, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
