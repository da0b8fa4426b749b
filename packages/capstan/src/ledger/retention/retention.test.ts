import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { tablesOfLoggedModel, tablesOfRun } from '#model/experiments';
import { cause, none, openBench, type Bench } from './testing.ts';

const DAY_MS = 86_400_000;

async function rowsIn(bench: Bench, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(
    bench.database.read,
  );
  return Number(rows[0]?.count);
}

const purge = (bench: Bench, chosen: Partial<typeof none> | object, isDryRun = false) =>
  bench.retention.purge({ ...none, ...chosen, isDryRun }, cause);

describeDatabases('the trash', (open) => {
  test('a purged run leaves no row and no byte, and says how many of each; a dry run says the same before', async () => {
    const bench = await openBench(await open());
    const before = await Promise.all(
      [...tablesOfRun, 'runs', 'run_datasets', 'artifacts'].map((t) => rowsIn(bench, t)),
    );
    const run = await bench.makeRun('0', 'twelve bytes');
    const tables = [...tablesOfRun, 'runs', 'run_datasets', 'artifacts'];
    const made = (await Promise.all(tables.map((t) => rowsIn(bench, t)))).reduce((sum, count) => sum + count, 0);
    await bench.retention.putIntoTrash({ ...none, runs: [run] }, cause);
    const expected = { runs: 1, experiments: 0, loggedModels: 0, files: 1, freed: { blobs: 1, bytes: 12 }, held: [] };
    expect(await purge(bench, { runs: [run] }, true)).toMatchObject({ ...expected, isDryRun: true });
    expect((await bench.experiments.getRun(run)).lifecycle).toBe('deleted');
    expect(await purge(bench, { runs: [run] })).toMatchObject({ ...expected, isDryRun: false, rows: made });
    expect(await Promise.all(tables.map((t) => rowsIn(bench, t)))).toEqual(before);
    expect(await bench.blobsLeft()).toEqual([]);
    expect(await rowsIn(bench, 'purges')).toBe(0);
    await expect(bench.experiments.getRun(run)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const facts = await bench.events.list({ limit: 100 });
    expect(facts.map((fact) => fact.type).slice(-3)).toEqual(['run.deleted', 'run.purged', 'trash.purged']);
    expect((await bench.events.verify()).ok).toBe(true);
  });

  test('bytes that another run has stay, and go with the last one', async () => {
    const bench = await openBench(await open());
    const [one, other] = [await bench.makeRun('0', 'the same'), await bench.makeRun('0', 'the same')];
    await bench.retention.putIntoTrash({ ...none, runs: [one, other] }, cause);
    expect((await purge(bench, { runs: [one] })).freed).toEqual({ blobs: 0, bytes: 0 });
    expect(await bench.blobsLeft()).toHaveLength(1);
    expect((await purge(bench, { runs: [other] })).freed).toEqual({ blobs: 1, bytes: 8 });
  });

  test('a purged experiment goes with runs and logged models; its name is free and its id is not used again', async () => {
    const bench = await openBench(await open());
    const { id } = await bench.experiments.createExperiment({ name: 'trial', cause });
    await bench.makeRun(id, 'of the run');
    const model = await bench.experiments.createLoggedModel({ experimentId: id, cause });
    const bytes = Buffer.from('of the model');
    await bench.experiments.putArtifact({
      owner: { kind: 'logged-model', id: model.id },
      path: 'MLmodel',
      bytes,
      cause,
    });
    await bench.experiments.deleteExperiment({ id, cause });
    await expect(bench.experiments.createExperiment({ name: 'trial', cause })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    const expected = { experiments: 1, runs: 1, loggedModels: 1, freed: { blobs: 2, bytes: 22 } };
    expect(await bench.retention.collect({ olderThanMs: 0, isDryRun: true }, cause)).toMatchObject(expected);
    expect(await bench.retention.collect({ olderThanMs: 0, isDryRun: false }, cause)).toMatchObject(expected);
    const again = await bench.experiments.createExperiment({ name: 'trial', cause });
    expect(Number(again.id)).toBe(Number(id) + 1);
    for (const table of [...tablesOfRun, ...tablesOfLoggedModel, 'run_datasets', 'artifacts', 'experiment_tags'])
      expect([table, await rowsIn(bench, table)]).toEqual([table, 0]);
  });

  test('what a model version needs is held, by name, and so is the experiment around it', async () => {
    const bench = await openBench(await open());
    const { id } = await bench.experiments.createExperiment({ name: 'trial', cause });
    const run = await bench.makeRun(id, 'needed');
    const free = await bench.makeRun(id, 'not needed');
    await bench.registry.createModel({ name: 'm', cause });
    await bench.registry.createVersion({ model: 'm', source: `runs:/${run}/model`, runId: run, cause });
    await bench.retention.putIntoTrash({ ...none, runs: [run, free] }, cause);
    const refusal = { code: 'CONFLICT', message: expect.stringContaining('held by model version m/1') };
    await expect(purge(bench, { runs: [free, run] })).rejects.toMatchObject(refusal);
    expect((await bench.experiments.getRun(free)).lifecycle).toBe('deleted');
    await bench.experiments.deleteExperiment({ id, cause });
    await expect(purge(bench, { experiments: [id] })).rejects.toMatchObject(refusal);
    const report = await bench.retention.collect({ olderThanMs: 0, isDryRun: false }, cause);
    expect(report).toMatchObject({ runs: 1, experiments: 0, freed: { blobs: 1, bytes: 10 } });
    expect(report.held.map((held) => [held.kind, held.id, held.by])).toEqual([
      ['experiment', id, ['model version m/1']],
      ['run', run, ['model version m/1']],
    ]);
    const { items } = await bench.retention.list({ limit: 10 });
    expect(items).toMatchObject([{ kind: 'experiment', id, runs: 1, sizeBytes: 6, heldBy: ['model version m/1'] }]);
    await bench.registry.deleteModel({ name: 'm', cause });
    expect(await purge(bench, { experiments: [id] })).toMatchObject({ experiments: 1, runs: 1 });
  });

  test('only what is in the trash is purged, and all that is named or nothing', async () => {
    const bench = await openBench(await open());
    const [active, deleted] = [await bench.makeRun('0', 'a'), await bench.makeRun('0', 'b')];
    await bench.experiments.deleteRuns({ ids: [deleted], cause });
    await expect(purge(bench, { runs: [deleted, active] })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(purge(bench, { runs: [deleted, 'nowhere'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(purge(bench, { experiments: ['0'] })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await bench.experiments.getRun(deleted)).lifecycle).toBe('deleted');
    await bench.experiments.deleteExperiment({ id: '0', cause });
    await expect(purge(bench, { experiments: ['0'] })).rejects.toMatchObject({
      message: expect.stringContaining('the default experiment'),
    });
  });

  test('runs by a filter', async () => {
    const bench = await openBench(await open());
    const runs = [await bench.makeRun('0', 'a'), await bench.makeRun('0', 'b')];
    await bench.experiments.logBatch({ runId: runs[1] ?? '', params: [{ key: 'kind', value: 'odd' }], cause });
    await bench.experiments.deleteRuns({ ids: runs, cause });
    const report = await purge(bench, { matching: { experimentIds: ['0'], filter: "params.kind = 'odd'" } });
    expect(report.runs).toBe(1);
    expect((await bench.experiments.getRun(runs[0] ?? '')).lifecycle).toBe('deleted');
  });

  test('policies: the time of the experiment before that of the installation; never means never', async () => {
    const bench = await openBench(await open(), { retentionMs: 30 * DAY_MS });
    const kinds = { short: '7d', plain: undefined, kept: 'never' };
    const made = new Map<string, string>();
    for (const [name, value] of Object.entries(kinds)) {
      const tags = value === undefined ? [] : [{ key: 'capstan.trashRetention', value }];
      const { id } = await bench.experiments.createExperiment({ name, tags, cause });
      made.set(name, await bench.makeRun(id, name));
    }
    await bench.experiments.deleteRuns({ ids: [...made.values()], cause });
    const due = async (days: number): Promise<number> => {
      bench.advance(days * DAY_MS);
      return (await bench.retention.collect({ isDryRun: false }, cause)).runs;
    };
    const { items } = await bench.retention.list({ limit: 10 });
    expect(new Set(items.map((item) => item.purgeAt && (item.purgeAt - item.deletedAt) / DAY_MS))).toEqual(
      new Set([7, 30, null]),
    );
    expect([await due(6), await due(1), await due(22), await due(1), await due(1_000)]).toEqual([0, 1, 0, 1, 0]);
    await expect(
      bench.experiments.createExperiment({
        name: 'x',
        tags: [{ key: 'capstan.trashRetention', value: 'soon' }],
        cause,
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('what is restored is as it was, a logged model too', async () => {
    const bench = await openBench(await open());
    const model = await bench.experiments.createLoggedModel({ experimentId: '0', name: 'm', cause });
    const run = await bench.makeRun('0', 'a');
    const before = await bench.experiments.getRun(run);
    await bench.retention.putIntoTrash({ ...none, runs: [run], loggedModels: [model.id] }, cause);
    const chosen = { ...none, runs: [run], loggedModels: [model.id] };
    expect(await bench.retention.restore(chosen, cause)).toBe(2);
    expect(await bench.retention.restore(chosen, cause)).toBe(0);
    expect({ ...(await bench.experiments.getRun(run)), updatedAt: 0 }).toEqual({ ...before, updatedAt: 0 });
    expect((await bench.experiments.getLoggedModel(model.id)).name).toBe('m');
    expect((await bench.retention.list({ limit: 10 })).items).toEqual([]);
  });

  test('the list comes in pages, by kind', async () => {
    const bench = await openBench(await open());
    const runs: string[] = [];
    for (let index = 0; index < 5; index++) runs.push(await bench.makeRun('0', `run ${index}`));
    await bench.experiments.deleteRuns({ ids: runs.slice(0, 3), cause });
    bench.advance(1);
    await bench.experiments.deleteRuns({ ids: runs.slice(3), cause });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await bench.retention.list({ kind: 'run', limit: 2, cursor });
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([...runs.slice(3).toSorted(), ...runs.slice(0, 3).toSorted()]);
    expect((await bench.retention.list({ kind: 'experiment', limit: 2 })).items).toEqual([]);
    await expect(bench.retention.list({ limit: 2, cursor: 'x' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a purge that a kill cut short is invisible at once, and ends when resumed', async () => {
    const bench = await openBench(await open());
    const run = await bench.makeRun('0', 'half gone');
    await bench.experiments.deleteRuns({ ids: [run], cause });
    // As a process does that dies after the first transaction.
    const row = await bench.database.read
      .selectFrom('runs')
      .selectAll()
      .where('id', '=', run)
      .executeTakeFirstOrThrow();
    await bench.database.write(async (writer) => {
      const purged = { kind: 'run', key: String(row.key), artifact_root: row.artifact_root, purged_at: 1 } as const;
      await writer.insertInto('purges').values(purged).execute();
      await writer.deleteFrom('runs').where('key', '=', row.key).execute();
    });
    await expect(bench.experiments.getRun(run)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await bench.retention.list({ limit: 10 })).items).toEqual([]);
    expect((await bench.retention.collect({ isDryRun: false }, cause)).freed).toEqual({ blobs: 1, bytes: 9 });
    for (const table of [...tablesOfRun, 'artifacts', 'purges'])
      expect([table, await rowsIn(bench, table)]).toEqual([table, 0]);
  });

  test('bytes that nothing refers to are freed, those put a moment ago are not', async () => {
    const bench = await openBench(await open(), { graceMs: 60_000 });
    await bench.blobs.put(Buffer.from('orphan'));
    expect((await bench.retention.collect({ isDryRun: false }, cause)).freed.blobs).toBe(0);
    const run = await bench.makeRun('0', 'young');
    await bench.experiments.deleteRuns({ ids: [run], cause });
    const report = await purge(bench, { runs: [run] });
    expect([report.freed, report.later]).toEqual([
      { blobs: 0, bytes: 0 },
      { blobs: 1, bytes: 5 },
    ]);
    const later = await openBench(bench.database);
    await later.blobs.put(Buffer.from('orphan'));
    expect((await later.retention.collect({ isDryRun: true }, cause)).freed).toEqual({ blobs: 1, bytes: 6 });
    expect((await later.retention.collect({ isDryRun: false }, cause)).freed).toEqual({ blobs: 1, bytes: 6 });
  });

  test('uploads of the same bytes while a collection runs keep them, every time', async () => {
    const bench = await openBench(await open(), { graceMs: 5_000 });
    const content = Buffer.from('wanted by many');
    const id = await bench.makeRun('0', 'other');
    for (let round = 0; round < 20; round++) {
      await bench.age((await bench.blobs.put(content)).digest, 60_000);
      const [file] = await Promise.all([
        bench.experiments.putArtifact({
          owner: { kind: 'run', id },
          path: `f${round}`,
          bytes: Readable.from([content], { objectMode: false }),
          cause,
        }),
        bench.retention.collect({ isDryRun: false }, cause),
      ]);
      expect(await bench.blobs.has(file.digest), `round ${round}`).toBe(true);
      await bench.experiments.removeArtifact({ owner: { kind: 'run', id }, path: `f${round}`, cause });
    }
  });
});
