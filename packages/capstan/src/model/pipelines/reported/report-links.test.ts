import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ReportedFact, ReportedFile, ReportedOutcome } from '@capstan/api';
import { describeDatabases } from '#database/testing';
import { randomIds } from '#ports/ids';
import { openBench, type Bench } from '../testing.ts';

const cause = { actor: 'cli' };
const T0 = 1_700_000_000_000;
const DECLARATION = `pipeline: dvc.yaml
datasets:
  sales: {path: "data/sales/*.csv"}
  shops: {path: data/shops.csv}
`;
const FILES = {
  'dvc.yaml': 'stages: {}\n',
  'data/sales/1.csv': 'day,amount\n1,1\n2,2\n',
  'data/sales/2.csv': 'day,amount\n3,3\n',
  'data/shops.csv': 'shop\na\n',
};

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

function fileOf(path: keyof typeof FILES, change: Partial<ReportedFile> = {}): ReportedFile {
  return { path, hash: `md5:${md5(FILES[path])}`, sizeBytes: Buffer.byteLength(FILES[path]), ...change };
}

/** As DVC names a folder with the files of `sales`. */
function salesFolder(): ReportedFile {
  const list = (['1.csv', '2.csv'] as const).map(
    (name) => `{"md5": "${md5(FILES[`data/sales/${name}`])}", "relpath": "${name}"}`,
  );
  const sizeBytes = Buffer.byteLength(FILES['data/sales/1.csv'] + FILES['data/sales/2.csv']);
  return { path: 'data/sales', hash: `md5:${md5(`[${list.join(', ')}]`)}.dir`, sizeBytes, files: 2 };
}

async function reported({ reportedRuns, pipelines, until }: Bench, inputs: readonly ReportedFile[], attempt?: string) {
  const id = randomIds.next('pr');
  const place = {
    by: 'Ada',
    host: 'laptop',
    commandText: 'capstan repro',
    repository: { name: 'shop', remote: null },
    commit: null,
    branch: null,
    isDirty: null,
  };
  const stage = { name: 'train', description: null, command: 'true', after: [], inputs: [], outputs: [] };
  await reportedRuns.begin({ id, project: 'shop', startedAt: T0, place, stages: [stage] }, cause);
  const outcome: ReportedOutcome = attempt === undefined ? 'unchanged' : 'ran';
  const none = { exitCode: null, signal: null, cpuMs: null, peakMemoryBytes: null, logBytes: null, reason: null };
  const report = { outcome, inputs: [...inputs], outputs: [], params: {}, metrics: {}, undeclared: null, warnings: [] };
  const began: ReportedFact[] =
    attempt === undefined ? [] : [{ kind: 'stage-began', stage: 'train', attempt, at: T0, why: [] }];
  const facts: ReportedFact[] = [
    ...began,
    { kind: 'stage-ended', stage: 'train', attempt: attempt ?? null, at: T0, why: [], durationMs: 1, ...none, report },
    { kind: 'run-ended', at: T0, outcome: 'succeeded', reason: null },
  ];
  await reportedRuns.report(id, { from: 0, facts }, cause);
  return {
    id,
    linked: () =>
      until(async () => {
        const run = await pipelines.get(id);
        return run.inputs.length + run.modelVersions.length > 0 ? run : undefined;
      }),
  };
}

describeDatabases('what a run of a checkout had to do with what the server knows', (open) => {
  test('is the dataset versions that hold what it read: whole as folders, or single files', async () => {
    const bench = await openBench(await open());
    await bench.write(FILES);
    await bench.apply(DECLARATION);
    const sales = await bench.register('sales');
    const shops = await bench.register('shops');
    const { id, linked } = await reported(bench, [salesFolder(), fileOf('data/shops.csv')]);
    const { inputs } = await linked();
    expect(inputs.toSorted((a, b) => (a.dataset < b.dataset ? -1 : 1))).toMatchObject([
      { dataset: 'sales', versionId: sales, number: 1, used: { versionId: sales }, path: 'data/sales' },
      { dataset: 'shops', versionId: shops, number: 1, used: { versionId: shops }, path: 'data/shops.csv' },
    ]);
    expect((await bench.pipelines.given('shop', sales)).runs).toMatchObject([{ id, source: 'checkout' }]);

    // A later version with the same file in it is not what a run of both files read.
    await bench.write({ 'data/sales/2.csv': 'day,amount\n9,9\n' });
    const later = await bench.register('sales');
    expect(later).not.toBe(sales);
    const both = await reported(bench, [fileOf('data/sales/1.csv'), fileOf('data/sales/2.csv')]);
    expect((await both.linked()).inputs).toMatchObject([
      { dataset: 'sales', versionId: sales, path: 'data/sales/1.csv, data/sales/2.csv' },
    ]);
    const one = await reported(bench, [fileOf('data/sales/1.csv')]);
    expect((await one.linked()).inputs).toMatchObject([{ versionId: later, path: 'data/sales/1.csv' }]);
  });

  test('is nothing where content differs, has another kind of hash, or no size', async () => {
    const bench = await openBench(await open());
    await bench.write(FILES);
    await bench.apply(DECLARATION);
    const shops = await bench.register('shops');
    const same = fileOf('data/shops.csv');
    const { id } = await reported(bench, [
      { ...same, hash: `md5:${md5('other')}` },
      { ...same, hash: same.hash?.replace('md5:', 'md5-dos2unix:') ?? '' },
      { path: 'x', hash: same.hash ?? '' },
    ]);
    await bench.reportedRuns.link(id);
    expect((await bench.pipelines.get(id)).inputs).toEqual([]);
    expect((await (await reported(bench, [same])).linked()).inputs).toMatchObject([{ versionId: shops }]);
  });

  test('is the model versions of runs that its stages logged by themselves', async () => {
    const modelVersionsOf = async (ids: readonly string[]) => ids.map((id) => `m/${id}`);
    const bench = await openBench(await open(), { modelVersionsOf });
    const attempt = randomIds.next('sa');
    const { experiments } = bench;
    const { id: experimentId } = await experiments.ensureExperiment({ name: 'another', cause });
    const none = await reported(bench, [], attempt);
    await bench.reportedRuns.link(none.id);
    expect((await bench.pipelines.get(none.id)).modelVersions).toEqual([]);
    const tags = [
      { key: 'capstan.pipeline_run', value: none.id },
      { key: 'capstan.attempt', value: attempt },
    ];
    const run = await experiments.createRun({ experimentId, tags, cause });
    await experiments.createRun({ experimentId, tags: [{ key: 'capstan.pipeline_run', value: 'pr_other' }], cause });
    await bench.reportedRuns.link(none.id);
    await bench.reportedRuns.link(none.id);
    expect((await bench.pipelines.get(none.id)).modelVersions).toEqual([`m/${run.id}`]);
  });
});
