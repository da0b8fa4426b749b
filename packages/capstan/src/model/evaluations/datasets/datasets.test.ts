import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openEvaluations } from '../testing.ts';

const codeOf = (error: unknown) => (error as { code?: string }).code;
const refusals = async (acts: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(acts)).map((act) => (act.status === 'rejected' ? codeOf(act.reason) : 'taken'));

describeDatabases('evaluation datasets', (open) => {
  const bench = async () => {
    const opened = await openEvaluations(await open());
    const { evaluations, experiments } = opened;
    const second = (await experiments.createExperiment({ name: 'second', cause })).id;
    const create = (name: string, experimentIds: string[] = ['0'], tags: Record<string, string> = {}) =>
      evaluations.createDataset({
        name,
        experimentIds,
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
        cause,
      });
    const merge = (datasetId: string, ...records: unknown[]) =>
      evaluations.mergeRecords({ datasetId, records: JSON.stringify(records), cause });
    const names = async (search: object) =>
      (await evaluations.searchDatasets({ limit: 10, ...search })).datasets.map((dataset) => dataset.name);
    return { ...opened, second, create, merge, names };
  };

  test('two with the same inputs are one record, in one call or two, whatever the order of keys', async () => {
    const { evaluations, create, merge, facts } = await bench();
    const { id, digest } = await create('d');
    expect(await merge(id, { inputs: { a: 1, b: { c: 2, d: 3 } } }, { inputs: { b: { d: 3, c: 2 }, a: 1 } })).toEqual({
      inserted: 1,
      updated: 1,
    });
    expect(await merge(id, { inputs: { b: { c: 2, d: 3 }, a: 1 } }, { inputs: {} })).toEqual({
      inserted: 1,
      updated: 1,
    });
    const { records } = await evaluations.listRecords({ datasetId: id, limit: 10 });
    expect(records.map((record) => record.inputs)).toEqual(['{"a": 1, "b": {"c": 2, "d": 3}}', '{}']);
    const dataset = await evaluations.getDataset(id);
    expect(dataset).toMatchObject({ recordCount: 2 });
    expect(dataset.digest).not.toBe(digest);
    expect(await facts()).toEqual([
      'evaluation-dataset.created',
      'evaluation-dataset.records-merged',
      'evaluation-dataset.records-merged',
    ]);
  });

  test('a merge replaces outputs, joins expectations and tags, and keeps where the record came from', async () => {
    const { evaluations, create, merge } = await bench();
    const { id } = await create('d');
    const source = { source_type: 'trace', source_data: { trace_id: 'tr-1' } };
    await merge(id, { inputs: { q: 1 }, expectations: { a: 1 }, tags: { 'mlflow.user': 'ann' }, source });
    await merge(id, {
      inputs: { q: 1 },
      outputs: null,
      expectations: { b: 2 },
      tags: { x: 'y' },
      source: { source_type: 'HUMAN' },
    });
    const [record] = (await evaluations.listRecords({ datasetId: id, limit: 10 })).records;
    expect(record).toMatchObject({
      outputs: null,
      expectations: '{"a": 1, "b": 2}',
      tags: '{"mlflow.user": "ann", "x": "y"}',
      source: { type: 'TRACE', id: 'tr-1' },
      createdBy: 'ann',
      updatedBy: 'ann',
    });
  });

  test('outputs of several shapes, and cells of a table that are empty', async () => {
    const { evaluations, create } = await bench();
    const { id } = await create('d');
    const records =
      '[{"inputs": {"n": 1}, "outputs": ["a"], "expectations": NaN}, {"inputs": {"n": 2}, "outputs": {"t": NaN}}]';
    await evaluations.mergeRecords({ datasetId: id, records, cause });
    const page = await evaluations.listRecords({ datasetId: id, limit: 10 });
    expect(page.records.map(({ outputs, expectations }) => [outputs, expectations])).toEqual([
      ['["a"]', null],
      ['{"t": NaN}', null],
    ]);
    expect((await evaluations.getDataset(id)).schema).toBe(
      '{"inputs": {"n": "integer"}, "outputs": "array", "expectations": {}, "version": "1.0"}',
    );
  });

  test('pages go on where the last one ended, and their tokens hold for one dataset', async () => {
    const { evaluations, create, merge } = await bench();
    const { id } = await create('d');
    const other = await create('other');
    await merge(id, ...Array.from({ length: 1_205 }, (_, n) => ({ inputs: { n } })));
    const seen: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await evaluations.listRecords({ datasetId: id, limit: 500, pageToken });
      seen.push(...page.records.map((record) => record.inputs));
      pageToken = page.nextPageToken;
      if (pageToken) {
        await expect(evaluations.listRecords({ datasetId: other.id, limit: 1, pageToken })).rejects.toThrow(/token/);
      }
    } while (pageToken);
    expect(seen).toEqual(Array.from({ length: 1_205 }, (_, n) => `{"n": ${n}}`));
  });

  test('refusals change nothing', async () => {
    const { evaluations, experiments, second, create, merge, rows, facts } = await bench();
    const { id } = await create('d');
    await merge(id, { inputs: { q: 1 } });
    await experiments.deleteExperiment({ id: second, cause });
    const before = [await rows(), await facts(), await evaluations.getDataset(id)];
    const raw = (records: string) => evaluations.mergeRecords({ datasetId: id, records, cause });
    const link = { id, experimentIds: ['0', second], cause };
    expect(
      await refusals([
        create('n'.repeat(256)),
        create('two\nlines'),
        create('d', ['0', '77']),
        create('d', [second]),
        create('d', ['0'], { ['k'.repeat(256)]: 'v' }),
        create('d', ['0'], { k: 'v'.repeat(5_001) }),
        merge('d-none', { inputs: {} }),
        merge(id, { inputs: { new: 1 } }, { inputs: [] }),
        merge(id, { inputs: { new: 1 } }, 5),
        merge(id, { inputs: { new: 1 }, source: { source_type: 'NOBODY' } }),
        merge(id, { inputs: { new: 1 }, expectations: 'yes' }),
        raw('{'),
        raw('{}'),
        raw(`[{"inputs": {"a": ${'['.repeat(200)}${']'.repeat(200)}}}]`),
        raw(`[{"inputs": {"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}]`),
        evaluations.linkDataset(link),
        evaluations.linkDataset({ ...link, id: 'd-none', experimentIds: ['0'] }),
        evaluations.changeDatasetTags({ id: 'd-none', tags: [], cause }),
        evaluations.deleteRecords({ datasetId: 'd-none', ids: [], cause }),
        evaluations.experimentsOfDataset('d-none'),
        evaluations.searchDatasets({ filter: 'color = 1', limit: 1 }),
        evaluations.searchDatasets({ orderBy: ['tags.a'], limit: 1 }),
      ]),
    ).toEqual([
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'NOT_FOUND',
      'CONFLICT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'NOT_FOUND',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'CONFLICT',
      'NOT_FOUND',
      'NOT_FOUND',
      'NOT_FOUND',
      'NOT_FOUND',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
    ]);
    expect([await rows(), await facts(), await evaluations.getDataset(id)]).toEqual(before);
  });

  test('what is there already, or not there any more, leads to no fact', async () => {
    const { evaluations, create, facts } = await bench();
    const { id } = await create('d', ['0', '0'], { a: '1' });
    expect(await evaluations.experimentsOfDataset(id)).toEqual(['0']);
    await evaluations.linkDataset({ id, experimentIds: ['0'], cause });
    await evaluations.unlinkDataset({ id, experimentIds: ['5', '99999999999999999999'], cause });
    await evaluations.removeDatasetTag({ id, key: 'b', cause });
    await evaluations.changeDatasetTags({ id, tags: [{ key: 'b', value: null }], cause });
    expect(await evaluations.deleteRecords({ datasetId: id, ids: ['dr-none'], cause })).toBe(0);
    await evaluations.deleteDataset({ id: 'd-none', cause });
    expect(await facts()).toEqual(['evaluation-dataset.created']);
    await evaluations.changeDatasetTags({ id, tags: [{ key: 'a', value: null }], cause });
    expect((await evaluations.getDataset(id)).tags).toEqual([]);
  });

  test('searches: experiments, names, people, tags, order and pages', async () => {
    const { evaluations, second, create, names } = await bench();
    await create('b', ['0'], { 'mlflow.user': 'ann', kind: 'x' });
    await create('a', ['0', second]);
    await create('c', [], { kind: 'y' });
    const byName = { orderBy: ['name'] };
    expect(await names({ ...byName, experimentIds: ['0'] })).toEqual(['a', 'b']);
    expect(await names({ ...byName, experimentIds: [second, '777'] })).toEqual(['a']);
    expect(await names({ ...byName, experimentIds: ['777'] })).toEqual([]);
    expect(await names({ filter: "created_by = 'ann'" })).toEqual(['b']);
    expect(await names({ ...byName, filter: "tags.kind LIKE '%' AND name != 'b'" })).toEqual(['c']);
    expect(await names({ ...byName, filter: "name IN ('a', 'c') AND created_time >= 1" })).toEqual(['a', 'c']);
    expect(await names({ orderBy: ['name DESC'] })).toEqual(['c', 'b', 'a']);
    const first = await evaluations.searchDatasets({ ...byName, limit: 2 });
    const rest = await evaluations.searchDatasets({ ...byName, limit: 2, pageToken: first.nextPageToken });
    expect([...first.datasets, ...rest.datasets].map((dataset) => dataset.name)).toEqual(['a', 'b', 'c']);
    expect(rest.nextPageToken).toBeUndefined();
  });

  test('a purge takes the scorers, links, and datasets of this experiment alone', async () => {
    const { evaluations, database, second, create, merge, names, rows } = await bench();
    const only = await create('only', [second], { a: '1' });
    await merge(only.id, { inputs: { n: 1 } }, { inputs: { n: 2 } });
    await create('both', ['0', second]);
    await create('none', []);
    const scorer = { name: 's', serialized: '{}', cause };
    await evaluations.registerScorer({ ...scorer, experimentId: second });
    await evaluations.registerScorer({ ...scorer, experimentId: '0' });
    expect(await database.write((writer) => evaluations.purgeEvaluations(writer, second))).toBe(2 + 5 + 1);
    expect(await names({ orderBy: ['name'] })).toEqual(['both', 'none']);
    expect(await rows()).toEqual({
      evaluation_datasets: 2,
      evaluation_dataset_tags: 0,
      evaluation_dataset_experiments: 1,
      evaluation_records: 0,
      scorers: 1,
      scorer_versions: 1,
    });
  });

  test('merges at the same time add each record once', async () => {
    const { evaluations, create, merge } = await bench();
    const { id } = await create('d');
    const same = Array.from({ length: 50 }, (_, n) => ({ inputs: { n } }));
    const merged = await Promise.all(Array.from({ length: 8 }, () => merge(id, ...same)));
    expect(merged.map(({ inserted }) => inserted).toSorted((a, b) => b - a)).toEqual([50, 0, 0, 0, 0, 0, 0, 0]);
    expect((await evaluations.getDataset(id)).recordCount).toBe(50);
    expect((await evaluations.listRecords({ datasetId: id, limit: 100 })).records).toHaveLength(50);
  });
});
