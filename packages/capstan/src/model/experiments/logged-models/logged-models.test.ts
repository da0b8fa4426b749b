import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openBench } from '../testing.ts';

describeDatabases('logged models', (open) => {
  test('is pending until it is ended, and found by id', async () => {
    const { experiments, startRun } = await openBench(await open());
    const sourceRunId = await startRun();
    const params = [{ key: 'depth', value: '3' }];
    const model = await experiments.createLoggedModel({
      experimentId: '0',
      name: 'forest',
      modelType: 'sklearn',
      sourceRunId,
      params,
      cause,
    });
    expect(model).toMatchObject({
      status: 'LOGGED_MODEL_PENDING',
      name: 'forest',
      sourceRunId,
      params,
      modelType: 'sklearn',
    });
    expect(model.id).toMatch(/^m-[0-9a-f]{32}$/);
    expect(model.artifactRoot).toBe(`0/models/${model.id}/artifacts`);
    const ended = await experiments.endLoggedModel({ id: model.id, status: 'LOGGED_MODEL_READY', cause });
    expect(ended.status).toBe('LOGGED_MODEL_READY');
    expect(await experiments.getLoggedModel(model.id)).toEqual(ended);
  });

  test('needs an experiment and a run that exist, and a plain name', async () => {
    const { experiments } = await openBench(await open());
    await expect(experiments.createLoggedModel({ experimentId: '7', cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(experiments.createLoggedModel({ experimentId: '0', sourceRunId: 'no', cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    for (const name of ['a/b', 'a:b', 'a.b', 'a%b', "a'b", 'a"b']) {
      await expect(experiments.createLoggedModel({ experimentId: '0', name, cause }), name).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect((await experiments.createLoggedModel({ experimentId: '0', cause })).name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
  });

  test('is gone when deleted; deleting again is no error', async () => {
    const { experiments } = await openBench(await open());
    const { id } = await experiments.createLoggedModel({ experimentId: '0', cause });
    await experiments.deleteLoggedModel({ id, cause });
    await experiments.deleteLoggedModel({ id, cause });
    await expect(experiments.getLoggedModel(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(experiments.deleteLoggedModel({ id: 'm-none', cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('tags, params and metrics are kept with it', async () => {
    const { experiments, startRun } = await openBench(await open());
    const { id } = await experiments.createLoggedModel({ experimentId: '0', cause });
    await experiments.setLoggedModelTags({
      id,
      tags: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
      cause,
    });
    await experiments.removeLoggedModelTag({ id, key: 'b', cause });
    await expect(experiments.removeLoggedModelTag({ id, key: 'b', cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await experiments.logLoggedModelParams({ id, params: [{ key: 'p', value: 'v' }], cause });
    const runId = await startRun();
    const point = { key: 'auc', value: 0.9, step: 1, timestamp: 5 };
    await experiments.logBatch({
      runId,
      metrics: [{ ...point, modelId: id, datasetName: 'd', datasetDigest: 'x' }],
      cause,
    });
    expect(await experiments.getLoggedModel(id)).toMatchObject({
      tags: [{ key: 'a', value: '1' }],
      params: [{ key: 'p', value: 'v' }],
      metrics: [{ ...point, runId, datasetName: 'd', datasetDigest: 'x' }],
    });
    expect((await experiments.getRun(runId)).metrics).toMatchObject([point]);
  });

  test('search filters on attributes, params, tags and metrics of datasets, and orders', async () => {
    const { experiments, startRun, advance } = await openBench(await open());
    const runId = await startRun();
    const ids: string[] = [];
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      advance(1_000);
      const { id } = await experiments.createLoggedModel({
        experimentId: '0',
        name,
        params: [{ key: 'n', value: name }],
        cause,
      });
      ids.push(id);
      if (name === 'c') continue;
      const metric = { key: 'auc', step: 0, timestamp: 1, modelId: id };
      await experiments.logBatch({
        runId,
        metrics: [
          { ...metric, value: index, datasetName: 'train', datasetDigest: 'x' },
          { ...metric, value: 1 - index, datasetName: 'test', datasetDigest: 'y' },
        ],
        cause,
      });
    }
    await experiments.endLoggedModel({ id: ids[0] ?? '', status: 'LOGGED_MODEL_READY', cause });
    const found = async (
      search: Omit<Parameters<typeof experiments.searchLoggedModels>[0], 'experimentIds' | 'limit'>,
    ) =>
      (await experiments.searchLoggedModels({ experimentIds: ['0'], limit: 10, ...search })).models
        .map((model) => model.name)
        .join('');
    expect(await found({})).toBe('cba');
    expect(await found({ filter: "params.n IN ('a', 'b') AND name != 'a'" })).toBe('b');
    expect(await found({ filter: "attributes.status = 'READY'" })).toBe('a');
    expect(await found({ filter: 'metrics.auc > 0.5' })).toBe('ba');
    expect(await found({ filter: 'metrics.auc > 0.5', datasets: [{ name: 'train' }] })).toBe('b');
    expect(await found({ filter: 'metrics.auc > 0.5', datasets: [{ name: 'test', digest: 'y' }] })).toBe('a');
    expect(await found({ filter: 'metrics.auc > 0.5', datasets: [{ name: 'test', digest: 'z' }] })).toBe('');
    expect(await found({ orderBy: [{ field: 'metrics.auc', isAscending: true, dataset: { name: 'train' } }] })).toBe(
      'abc',
    );
    expect(await found({ orderBy: [{ field: 'metrics.auc', isAscending: false, dataset: { name: 'train' } }] })).toBe(
      'bac',
    );
    expect(await found({ orderBy: [{ field: 'creation_timestamp', isAscending: true }] })).toBe('abc');
    expect(await found({ datasets: [{ name: 'train' }] })).toBe('ba');
    expect(await found({ filter: 'params.n = 1' })).toBe('');
    expect(await found({ filter: "name = 'a' OR NOT metrics.auc > 0" })).toBe('ca');
    for (const filter of ['params.n = a', "bogus = 'x'", 'name > 1']) {
      await expect(found({ filter }), filter).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    // Only the latest point counts, by step and not by time.
    await experiments.logBatch({
      runId,
      metrics: [
        { key: 'auc', step: 2, timestamp: 0, value: 0.1, modelId: ids[1] ?? '' },
        { key: 'auc', step: 1, timestamp: 9, value: 7, modelId: ids[1] ?? '' },
        { key: 'auc', step: 1, timestamp: 9, value: Number.NaN, modelId: ids[0] ?? '' },
      ],
      cause,
    });
    const byAuc = [{ field: 'metrics.auc', isAscending: true }];
    expect(await found({ filter: 'metrics.auc > 0.5' })).toBe('');
    expect(await found({ filter: 'metrics.auc > 0' })).toBe('b');
    expect(await found({ orderBy: byAuc })).toBe('bca');
    expect(await found({ orderBy: byAuc, datasets: [{ name: 'train' }] })).toBe('ab');
    await expect(found({ orderBy: [{ field: 'params.n', isAscending: true }] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const first = await experiments.searchLoggedModels({ experimentIds: ['0'], limit: 2 });
    const second = await experiments.searchLoggedModels({
      experimentIds: ['0'],
      limit: 2,
      pageToken: first.nextPageToken,
    });
    expect([...first.models, ...second.models].map((model) => model.name)).toEqual(['c', 'b', 'a']);
    expect(second).not.toHaveProperty('nextPageToken');
  });
});
