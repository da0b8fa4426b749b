import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type {
  RunPoints,
  SourceRecord,
  SourceRun,
  SourceTrace,
  TraceSpans,
  TrackingSource,
} from '#ports/tracking-source';
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

async function openSqlite(artifacts: readonly string[] = [], more = ''): Promise<TrackingSource> {
  const path = join(folder(), 'mlflow.db');
  const file = new DatabaseSync(path);
  file.exec(tables('integer') + more);
  file.close();
  return await openMlflowSource(`sqlite:///${path}`, { ...options, artifacts });
}

async function openPostgres(more = ''): Promise<TrackingSource> {
  const url = new URL(inject('postgresUrl'));
  const schema = `mlflow_${process.pid}_${Math.trunc(performance.now() * 1_000)}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(`create schema ${schema}; set search_path to ${schema}; ${tables('boolean')}${more}`);
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
  ['SQLite', () => openSqlite()],
  ['PostgreSQL', () => openPostgres()],
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

/** Traces, evaluation datasets and scorers as MLflow 3.17 has them. */
const laterTables = (isPostgres: boolean) => `
  create table trace_info (request_id varchar(50), experiment_id integer, timestamp_ms bigint, execution_time_ms bigint,
    status varchar(50), request_preview varchar(1000), trace_name varchar(8000), session_id varchar(8000),
    input_tokens bigint, total_cost double precision);
  create table trace_tags (key varchar(250), value varchar(8000), request_id varchar(50));
  create table trace_request_metadata (key varchar(250), value varchar(8000), request_id varchar(50));
  create table assessments (assessment_id varchar(50), trace_id varchar(50), name varchar(250), assessment_type varchar(50),
    value text, error text, created_timestamp bigint, last_updated_timestamp bigint, source_type varchar(50),
    source_id varchar(250), span_id varchar(50), rationale text, overrides varchar(50), valid boolean, assessment_metadata text);
  create table spans (trace_id varchar(50), span_id varchar(50), start_time_unix_nano bigint, content text);
  create table entity_associations (source_type varchar(36), source_id varchar(36), destination_type varchar(36), destination_id varchar(36));
  create table evaluation_datasets (dataset_id varchar(36), name varchar(255), schema text, digest varchar(64), created_time bigint,
    last_update_time bigint, created_by varchar(255), last_updated_by varchar(255));
  create table evaluation_dataset_tags (dataset_id varchar(36), key varchar(255), value varchar(5000));
  create table evaluation_dataset_records (dataset_record_id varchar(36), dataset_id varchar(36), inputs json, outputs json,
    expectations json, tags json, source json, created_time bigint, last_update_time bigint, created_by varchar(255),
    last_updated_by varchar(255));
  create table scorers (experiment_id integer, scorer_name varchar(256), scorer_id varchar(36));
  create table scorer_versions (scorer_id varchar(36), scorer_version integer, serialized_scorer text, creation_time bigint);
  create table issues (issue_id varchar(36));
  insert into trace_info values ('tr-1', 0, 5, 7, 'OK', 'why?', 'ask', 's1', 10, 1), ('tr-2', 0, 6, null, 'IN_PROGRESS', null, null, null, null, null);
  insert into trace_tags values ('team', 'ops', 'tr-1'), ('mlflow.artifactLocation', 's3://b/tr-2', 'tr-2');
  insert into trace_request_metadata values ('kept', 'yes', 'tr-1'), ('mlflow.trace.sizeStats', '{"num_spans": 2}', 'tr-2');
  insert into assessments values ('a-1', 'tr-1', 'score', 'feedback', '0.5', null, 8, 9, 'AI_JUDGE', 'j', null, null, null, ${isPostgres ? 'false' : '0'}, '{"form": "a"}'),
    ('a-2', 'tr-1', 'i-1', 'issue', '{"issue_name": "slow"}', null, 9, 9, 'HUMAN', null, null, null, null, ${isPostgres ? 'true' : '1'}, null);
  insert into spans values ('tr-1', 'ab', 1700000000000000001,
    '{"span_id": "AAAAAAAAAKs=", "name": "ask", "start_time_unix_nano": 1700000000000000001, "status": {"code": "STATUS_CODE_OK"}, "attributes": {"n": "1.0"}}');
  insert into entity_associations values ('trace', 'tr-1', 'run', '${ID}'), ('trace', 'tr-1', 'prompt_version', 'p/2'),
    ('evaluation_dataset', 'd-1', 'experiment', '0');
  insert into evaluation_datasets values ('d-1', 'questions', null, 'abcd', 1, 2, 'ada', 'bob');
  insert into evaluation_dataset_tags values ('d-1', 'team', 'ops');
  insert into evaluation_dataset_records values
    ('dr-2', 'd-1', '{"k": 1.0}', '{"mlflow_wrapped": "plain"}', 'null', '{}', '{"source_type": "HUMAN", "source_data": {}}', 3, 4, null, null),
    ('dr-1', 'd-1', '{"k": 1}', null, '{"a": 2}', '{"t": "x"}', null, 3, 4, 'ada', 'ada');
  insert into scorers values (0, 'polite', 's-1');
  insert into scorer_versions values ('s-1', 2, '{"v": 2}', 6), ('s-1', 1, '{"v": 1}', 5);
  insert into issues values ('i-1');`;

describe.each([
  ['SQLite', () => openSqlite([], laterTables(false))],
  ['PostgreSQL', () => openPostgres(laterTables(true))],
])('the database of an MLflow of today (%s)', (_name, open) => {
  test('traces come with what their columns, tables and links say, spans exact', async () => {
    const source = await open();
    const traces = await all<SourceTrace>(source.traces('0'));
    expect(traces).toMatchObject([
      {
        id: 'tr-1',
        startedAt: 5,
        durationMs: 7,
        requestPreview: 'why?',
        tags: { team: 'ops', 'mlflow.traceName': 'ask' },
        metadata: {
          kept: 'yes',
          'mlflow.trace.session': 's1',
          'mlflow.trace.tokenUsage': '{"input_tokens": 10}',
          'mlflow.trace.cost': '{"total_cost": 1.0}',
        },
        assessments: [
          { id: 'a-1', value: 0.5, sourceType: 'LLM_JUDGE', isValid: false, metadata: { form: 'a' }, createdAt: 8 },
          { id: 'a-2', kind: 'issue', name: 'i-1', value: 'slow', isValid: true },
        ],
        runs: [ID],
        prompts: ['p/2'],
      },
      { id: 'tr-2', durationMs: null, status: 'IN_PROGRESS', artifactUri: 's3://b/tr-2' },
    ]);
    const spans: TraceSpans[] = [];
    for await (const one of source.spans(traces)) spans.push(one);
    // Of the second one they lie in a file that is not here: that is not told as having none.
    expect(spans).toMatchObject([
      {
        traceId: 'tr-1',
        spans: [{ spanId: '00000000000000ab', startNs: '1700000000000000001', attributes: { n: '1.0' } }],
      },
    ]);
    expect(await source.counts(['0'])).toMatchObject({ traces: 2, evaluationDatasets: 1, scorers: 1 });
    expect(source.notes.join('\n')).toContain('Not brought: 1 issues of traces.');
    await source.close();
  });

  test('evaluation datasets come with records in their order and numbers as they are, scorers with versions', async () => {
    const source = await open();
    const datasets: unknown[] = [];
    for await (const one of source.evaluationDatasets()) datasets.push(one);
    expect(datasets).toMatchObject([{ id: 'd-1', recordCount: 2, tags: { team: 'ops' }, experimentIds: ['0'] }]);
    expect(await all<SourceRecord>(source.records('d-1'))).toMatchObject([
      { id: 'dr-1', inputs: '{"k": 1}', outputs: null, expectations: '{"a": 2}', source: null, createdBy: 'ada' },
      { id: 'dr-2', inputs: '{"k": 1.0}', outputs: '"plain"', expectations: null },
    ]);
    const scorers: unknown[] = [];
    for await (const one of source.scorers('0')) scorers.push(one);
    expect(scorers).toMatchObject([
      {
        id: 's-1',
        name: 'polite',
        versions: [
          { version: 1, createdAt: 5 },
          { version: 2, serialized: '{"v": 2}' },
        ],
      },
    ]);
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
