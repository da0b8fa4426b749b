import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { openBench, stageOf, whyOf, type Bench } from './testing.ts';

describeDatabases('datasets of a pipeline run', (open) => {
  const DECLARATION = `pipeline: dvc.yaml
datasets:
  sales: {path: "data/sales/*.csv", event_time: day}
  shops: {path: data/shops.csv}
  unread: {path: "data/unread/*.csv"}
  feedback: {path: "data/feedback/*.csv", event_time: day, from: predictions}
`;
  const PIPELINE = `
stages:
  count:
    cmd: cat data/sales/*.csv data/shops.csv > all.txt; ls data data/feedback >> all.txt
    deps: [data/sales, data/shops.csv, data/feedback]
    outs: [all.txt]
  report:
    cmd: wc -l all.txt > report.txt
    deps: [all.txt]
    outs: [report.txt]
`;
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(await open());
    await bench.write({
      'dvc.yaml': PIPELINE,
      'data/sales/1.csv': 'day,amount\n2024-01-01T00:00:00Z,1\n2024-01-02T00:00:00Z,2\n',
      'data/sales/2.csv': 'day,amount\n2024-02-01T00:00:00Z,3\n',
      'data/shops.csv': 'shop\na\n',
      'data/unread/x.csv': 'a\n1\n',
      'data/undeclared.csv': 'secret\n',
    });
    await bench.apply(DECLARATION);
  });

  it('are versions, laid out as declared; stages see those that they declare and no other data', async () => {
    const sales = await bench.register('sales');
    const shops = await bench.register('shops');
    await bench.register('unread');
    const run = await bench.run();
    expect(run.reason).toBeNull();
    expect(run.inputs).toMatchObject([
      { dataset: 'sales', versionId: sales, number: 1, path: 'data/sales', used: { versionId: sales } },
      { dataset: 'shops', versionId: shops, path: 'data/shops.csv' },
    ]);
    const given = await bench.pipelines.given(run.project, sales);
    expect(given.runs).toMatchObject([{ id: run.id, number: run.number }]);
    expect(given.experimentRuns.toSorted()).toEqual(run.stages.flatMap(({ runId }) => runId ?? []).toSorted());
    expect(await bench.pipelines.given(run.project, 'dv_none')).toEqual({ runs: [], experimentRuns: [] });
    const all = await readFile(join(bench.workspace(run), 'all.txt'), 'utf8');
    expect(all.split('\n').filter((line) => /^\d/.test(line))).toHaveLength(3);
    expect(existsSync(join(bench.workspace(run), 'data/undeclared.csv'))).toBe(false);
    expect(existsSync(join(bench.workspace(run), 'data/unread/x.csv'))).toBe(false);
    expect(existsSync(join(bench.workspace(run), 'data/feedback'))).toBe(true);

    // Lineage: what a stage reads itself, and what reaches it through stages before.
    const inputsOf = async (name: string) =>
      (await bench.experiments.getRun(stageOf(run, name).runId ?? '')).datasets.map(({ name: dataset, tags }) => [
        dataset,
        Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      ]);
    expect(await inputsOf('count')).toEqual([
      ['sales', { 'capstan.dataset_version': sales, 'mlflow.data.context': 'count' }],
      ['shops', { 'capstan.dataset_version': shops, 'mlflow.data.context': 'count' }],
    ]);
    expect(await inputsOf('report')).toEqual([
      ['sales', { 'capstan.dataset_version': sales, 'mlflow.data.context': 'report', 'capstan.through': 'count' }],
      ['shops', { 'capstan.dataset_version': shops, 'mlflow.data.context': 'report', 'capstan.through': 'count' }],
    ]);
  });

  it('are cut at the cut-off: stages never see a row of it or later', async () => {
    const sales = await bench.register('sales');
    await bench.register('shops');
    const cutoff = Date.UTC(2024, 0, 2);
    const run = await bench.run({ cutoff });
    expect(run.reason).toBeNull();
    const input = run.inputs.find((each) => each.dataset === 'sales');
    expect(input?.versionId).toBe(sales);
    expect(input?.used?.versionId).not.toBe(sales);
    const cut = await bench.datasets.get(input?.used?.versionId ?? '');
    expect(cut).toMatchObject({ rows: 1, parents: [{ versionId: sales }] });
    const all = await readFile(join(bench.workspace(run), 'all.txt'), 'utf8');
    expect(all.split('\n').filter((line) => line.startsWith('2024'))).toHaveLength(1);
    const tracked = await bench.experiments.getRun(stageOf(run, 'count').runId ?? '');
    expect(tracked.tags).toContainEqual({ key: 'capstan.cutoff', value: String(cutoff) });
    expect(tracked.datasets[0]?.tags).toContainEqual({ key: 'capstan.dataset_version', value: cut.id });

    // A cut-off behind all rows changes nothing; one before all of them leaves nothing to train on.
    const whole = await bench.run({ cutoff: Date.UTC(2025, 0, 1) });
    expect(whole.inputs[0]?.used?.versionId).toBe(sales);
    const none = await bench.run({ cutoff: Date.UTC(2023, 0, 1) });
    expect(none).toMatchObject({ status: 'failed' });
    expect(none.reason).toContain('No row lies in the cut');
  });

  it('count for the stages that read them: a new version runs those again', async () => {
    await bench.register('sales');
    await bench.register('shops');
    await bench.run();
    await bench.write({ 'data/sales/3.csv': 'day,amount\n2024-03-01T00:00:00Z,4\n' });
    expect(whyOf(await bench.run())).toEqual([
      ['count', 'succeeded', true, ['same']],
      ['report', 'succeeded', true, ['same']],
    ]);
    await bench.register('sales');
    const run = await bench.run();
    expect(whyOf(run)).toEqual([
      ['count', 'succeeded', false, ['input']],
      ['report', 'succeeded', false, ['input']],
    ]);
    expect(stageOf(run, 'count').why[0]?.subject).toBe('data/sales');
  });

  it('must be accepted, the project’s own, and read by a stage', async () => {
    await expect(bench.start()).rejects.toMatchObject({ code: 'CONFLICT', field: 'body.inputs' });
    const sales = await bench.register('sales');
    await bench.register('shops');
    const unread = await bench.register('unread');
    const pending = await bench.datasets.registerFromFolder({
      project: 'shop',
      dataset: 'shops',
      files: ['data/shops.csv'],
      replace: true,
      cause: { actor: 'test' },
    });
    expect(pending.status).toBe('accepted');
    await bench.write({ 'data/shops.csv': 'shop\nb\n' });
    const unchecked = await bench.datasets.registerFromFolder({
      project: 'shop',
      dataset: 'shops',
      replace: true,
      cause: { actor: 'test' },
    });
    const startWith = (...ids: string[]) =>
      bench.start({ inputs: ids.map((datasetVersionId) => ({ datasetVersionId })) });
    await expect(startWith(unchecked.id)).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'body.inputs[0].datasetVersionId',
    });
    await expect(startWith(sales, sales)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'body.inputs[1].datasetVersionId',
    });
    await expect(startWith(unread)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      hint: 'Add data/unread to the deps of the stage that reads it.',
    });
    // Without being named, the newest accepted version is used, not the newest.
    const run = await bench.run();
    expect(run.status).toBe('succeeded');
    expect(run.inputs[1]?.number).toBe(1);
  });
});
