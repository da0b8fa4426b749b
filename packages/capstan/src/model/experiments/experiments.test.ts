import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openBench } from './testing.ts';

describeDatabases('experiments', (open) => {
  test('the default experiment is number 0 and made once', async () => {
    const { experiments, facts } = await openBench(await open());
    await experiments.ensureDefaultExperiment(cause);
    expect(await experiments.getExperiment('0')).toMatchObject({
      id: '0',
      name: 'Default',
      artifactLocation: 'mlflow-artifacts:/0',
    });
    expect(await facts()).toEqual(['experiment.created']);
  });

  test('is created with tags and found by id and name', async () => {
    const { experiments } = await openBench(await open());
    const created = await experiments.createExperiment({ name: 'flights', tags: [{ key: 'team', value: 'a' }], cause });
    expect(created).toMatchObject({ id: '1', lifecycle: 'active', tags: [{ key: 'team', value: 'a' }] });
    expect(await experiments.getExperimentByName('flights')).toEqual(created);
  });

  test('a name is taken, also by a deleted one, and nothing changes', async () => {
    const { experiments, facts } = await openBench(await open());
    const { id } = await experiments.createExperiment({ name: 'flights', cause });
    await experiments.deleteExperiment({ id, cause });
    const before = await facts();
    await expect(experiments.createExperiment({ name: 'flights', cause })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringContaining('already exists'),
      hint: expect.stringContaining('restore'),
    });
    expect(await facts()).toEqual(before);
  });

  test('refuses names that are none and locations that it does not hold', async () => {
    const { experiments, facts } = await openBench(await open());
    for (const name of ['', '  ', 'x'.repeat(501), 'a\u0000b']) {
      await expect(experiments.createExperiment({ name, cause }), name).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'name',
      });
    }
    const locations = [
      's3://bucket/x',
      'file:///etc',
      '/tmp/x',
      'x',
      'mlflow-artifacts://host/x',
      'mlflow-artifacts:/a/../b',
      'mlflow-artifacts:/a?b',
      'mlflow-artifacts:/a#b',
      'mlflow-artifacts:/',
      'mlflow-artifacts:/1/artifacts/x',
      'http://127.0.0.1/x',
    ];
    for (const artifactLocation of locations) {
      await expect(
        experiments.createExperiment({ name: 'x', artifactLocation, cause }),
        artifactLocation,
      ).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect(await facts()).toEqual(['experiment.created']);
  });

  test('deleting takes the runs along, restoring brings them back; neither twice', async () => {
    const { experiments, startRun } = await openBench(await open());
    const run = await startRun();
    await experiments.deleteExperiment({ id: '0', cause });
    expect((await experiments.getRun(run)).lifecycle).toBe('deleted');
    await expect(experiments.deleteExperiment({ id: '0', cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(experiments.restoreRuns({ ids: [run], cause })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(experiments.createRun({ experimentId: '0', cause })).rejects.toMatchObject({ code: 'CONFLICT' });
    await experiments.restoreExperiment({ id: '0', cause });
    expect((await experiments.getRun(run)).lifecycle).toBe('active');
    await expect(experiments.restoreExperiment({ id: '0', cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is renamed, unless the name is taken or it is deleted', async () => {
    const { experiments } = await openBench(await open());
    const { id } = await experiments.createExperiment({ name: 'a', cause });
    await experiments.renameExperiment({ id, name: 'b', cause });
    expect((await experiments.getExperiment(id)).name).toBe('b');
    await expect(experiments.renameExperiment({ id, name: 'Default', cause })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await experiments.deleteExperiment({ id, cause });
    await expect(experiments.renameExperiment({ id, name: 'c', cause })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('ensureExperiment gives the one of that name', async () => {
    const { experiments } = await openBench(await open());
    const first = await experiments.ensureExperiment({ name: 'flights', cause });
    expect(await experiments.ensureExperiment({ name: 'flights', cause })).toEqual(first);
  });

  test('tags are set and removed', async () => {
    const { experiments } = await openBench(await open());
    await experiments.setExperimentTag({ id: '0', tag: { key: 'a', value: '1' }, cause });
    await experiments.setExperimentTag({ id: '0', tag: { key: 'a', value: '2' }, cause });
    expect((await experiments.getExperiment('0')).tags).toEqual([{ key: 'a', value: '2' }]);
    await experiments.removeExperimentTag({ id: '0', key: 'a', cause });
    await expect(experiments.removeExperimentTag({ id: '0', key: 'a', cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const tag = { key: 'a', value: 'x'.repeat(20_001) };
    await expect(experiments.setExperimentTag({ id: '0', tag, cause })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('search filters, orders and pages without gaps', async () => {
    const { experiments, advance } = await openBench(await open());
    for (const name of ['alpha', 'beta', 'gamma', 'delta']) {
      advance(1_000);
      await experiments.createExperiment({ name, tags: [{ key: 'len', value: String(name.length) }], cause });
    }
    const names = async (filter: string, orderBy: string[] = []) =>
      (await experiments.searchExperiments({ filter, orderBy, view: 'all', limit: 10 })).experiments.map(
        (one) => one.name,
      );
    expect(await names('')).toEqual(['delta', 'gamma', 'beta', 'alpha', 'Default']);
    expect(await names("name LIKE '%a'", ['name'])).toEqual(['alpha', 'beta', 'delta', 'gamma']);
    expect(await names("name LIKE 'A%'")).toEqual([]);
    expect(await names("name ILIKE 'A%'")).toEqual(['alpha']);
    expect(await names("tags.len = '5' AND attribute.name != 'alpha'")).toEqual(['delta', 'gamma']);
    expect(await names('tags.len IS NULL')).toEqual(['Default']);
    expect(await names("experiment_id IN ('1', '3') OR name = 'Default'", ['experiment_id ASC'])).toEqual([
      'Default',
      'alpha',
      'gamma',
    ]);
    expect(await names("experiment_id != '0' AND NOT tags.len = '5'", ['name'])).toEqual(['beta']);
    expect(await experiments.countExperiments({ filter: "tags.len = '5'", view: 'active' })).toBe(3);
    expect(await names(`creation_time >= ${1_700_000_003_000}`)).toEqual(['delta', 'gamma']);

    const seen: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await experiments.searchExperiments({ orderBy: ['name DESC'], view: 'active', limit: 2, pageToken });
      seen.push(...page.experiments.map((one) => one.name));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(seen.toSorted()).toEqual(['Default', 'alpha', 'beta', 'delta', 'gamma'].toSorted());
    expect(new Set(seen).size).toBe(5);
  });

  test('search refuses what it does not know and says where', async () => {
    const { experiments } = await openBench(await open());
    for (const filter of [
      "foo.bar = 'x'",
      'name > 1',
      "creation_time = 'x'",
      "lifecycle_stage = 'active'",
      "name = 'a' ORR name = 'b'",
      'creation_time > 1.5',
      "experiment_id = 'x'",
      "experiment_id LIKE '1'",
    ]) {
      await expect(experiments.searchExperiments({ filter, view: 'active', limit: 1 }), filter).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { position: expect.any(Number) },
      });
    }
  });

  test('ids that cannot be are refused, ids that are not are not found', async () => {
    const { experiments } = await openBench(await open());
    for (const id of ['../1', 'x', '1.5', ''])
      await expect(experiments.getExperiment(id)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    for (const id of ['7', '01', '-1', '9'.repeat(40)]) {
      await expect(experiments.getExperiment(id)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: `No Experiment with id=${id} exists`,
      });
    }
  });
});
