import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '#database';
import { cause, checkOf, DAY, GOOD, openGatesBench, rowsFrom, STALE, START, type GatesBench } from './testing.ts';

const GATES = `  - {check: better_than, other: champion}
  - {check: better_than, other: baseline}
  - {check: slices, by: [carrier], min_rows: 200}
  - {check: reproducible}`;

let bench: GatesBench;
let training: string;
let evaluation: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-judgement-'));
  const database = await openDatabase({ url: `sqlite:${join(folder, 'capstan.db')}` });
  onTestFinished(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });
  bench = await openGatesBench(database);
  await bench.declare(GATES);
  training = await bench.register(rowsFrom(START - 7 * DAY, 300, 1));
  evaluation = await bench.register(rowsFrom(START, 2_000, 2));
});

const judge = (version: number, more: object = {}) =>
  bench.gates.evaluate({ project: 'shop', model: 'm', version, evaluation, baselineProbability: 0.35, cause, ...more });

test('a better candidate beats the champion, a worse one and an equal one are refused', async () => {
  await bench.makeChampion(await bench.makeVersion(STALE, training));
  const good = await judge(await bench.makeVersion(GOOD, training));
  expect(good).toMatchObject({ status: 'pass', championVersion: 1 });
  expect(good.evaluation.candidate?.loss).toBeLessThan(good.evaluation.champion?.loss ?? 0);

  await bench.makeChampion(good.version);
  const stale = await judge(await bench.makeVersion(STALE, training));
  expect(stale.status).toBe('fail');
  expect(checkOf(stale, 'better_than champion').reason).toMatch(/^not shown to be better: log loss/);
  const same = await judge(await bench.makeVersion(GOOD, training));
  expect(checkOf(same, 'better_than champion')).toMatchObject({ status: 'fail', value: 0 });
  const itself = await judge(good.version);
  expect(checkOf(itself, 'better_than champion').reason).toBe(`version ${good.version} is the champion already`);
  const promoting = bench.registry.promote({
    model: 'm',
    version: stale.version,
    alias: 'champion',
    verdict: stale,
    cause,
  });
  await expect(promoting).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('training data of either contender that reach into the window refuse, with the range named', async () => {
  const late = await bench.register(rowsFrom(START - DAY, 2_000, 3));
  const seen = await judge(await bench.makeVersion(GOOD, late));
  expect(seen.status).toBe('fail');
  expect(checkOf(seen, 'unseen_data').reason).toMatch(
    /^the candidate \(version 1\) was trained on flights@3, which holds rows of the evaluation window: 2013-04-01T00:00Z to 2013-04-01T09:19Z$/,
  );

  await bench.makeChampion(seen.version);
  const fresh = await judge(await bench.makeVersion(GOOD, training));
  expect(checkOf(fresh, 'unseen_data')).toMatchObject({
    status: 'fail',
    reason: expect.stringMatching(/^the champion \(version 1\) was trained on/),
  });
});

test('without lineage nothing is known, and that blocks', async () => {
  const stray = await judge(await bench.makeVersion(GOOD, null));
  expect(stray.status).toBe('unknown');
  expect(checkOf(stray, 'unseen_data')).toMatchObject({
    status: 'unknown',
    reason: 'no pipeline of this project made the candidate (version 1)',
  });
  expect(checkOf(stray, 'reproducible').status).toBe('unknown');
});

test('a version that claims the run of a training that has ended has no lineage', async () => {
  const honest = await bench.makeVersion(GOOD, training);
  const { runId } = await bench.registry.getVersion('m', honest);
  bench.advance(1_000);
  const { version } = await bench.registry.createVersion({
    model: 'm',
    source: `runs:/${runId}/model`,
    runId: runId ?? '',
    cause,
  });
  expect(checkOf(await judge(version), 'unseen_data').reason).toContain('registered after its training had ended');
});

test('a model with wrong input names is refused, and says which', async () => {
  await bench.declare(`${GATES}\n  - {check: latency, p99: 250ms}`);
  const verdict = await judge(await bench.makeVersion({ ...GOOD, input: 'xx' }, training));
  expect(verdict).toMatchObject({ status: 'fail', evaluation: { candidate: null } });
  expect(checkOf(verdict, 'better_than baseline').reason).toContain("have no column 'xx', which the model takes");
  expect(checkOf(verdict, 'latency').status).toBe('fail');
});

test('nobody said what the baseline predicts, or there is no column to slice by: unknown', async () => {
  await bench.declare('  - {check: better_than, other: baseline}\n  - {check: slices, by: [airport]}');
  await bench.makeChampion(await bench.makeVersion(STALE, training));
  const verdict = await judge(await bench.makeVersion(GOOD, training), { baselineProbability: null });
  expect(checkOf(verdict, 'better_than baseline')).toMatchObject({
    status: 'unknown',
    reason: 'nobody said what the baseline predicts',
  });
  expect(checkOf(verdict, 'slices').reason).toContain("no column 'airport'");
});

test('raw data goes through the feature select, with the other datasets as tables; labels are counted there too', async () => {
  await mkdir(join(bench.folder, 'data', 'planes'), { recursive: true });
  await writeFile(
    join(bench.folder, 'features.sql'),
    '-- twice and half of it\nselect f.time as time, f.x * 2 * p.half as x2, f.carrier, f.late from flights f cross join planes p;\n',
  );
  await writeFile(join(bench.folder, 'data', 'planes', 'p.csv'), 'half\n0.5\n');
  const model = '{name: m, task: binary, metric: log_loss, features: features.sql}';
  await bench.declare('  - {check: better_than, other: baseline}', { model });
  const { id } = await bench.datasets.registerFromFolder({ project: 'shop', dataset: 'planes', replace: true, cause });
  const profiled = await bench.datasets.scan(id);
  await bench.datasets.settle(
    { versionId: id, status: 'accepted', profiled, report: { suite: null, results: [] } },
    cause,
  );
  const verdict = await judge(await bench.makeVersion({ ...GOOD, input: 'x2' }, training));
  expect(verdict.status).toBe('pass');
  const counted = await bench.gates.countLabels('shop', evaluation);
  expect(counted.rows).toBe(2_000);
  expect(counted.positives / counted.rows).toBeCloseTo(0.33, 1);
});
