import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { ForeignDataset, ForeignRecord, ForeignScorer } from '../index.ts';
import { cause, openEvaluations } from '../testing.ts';

const source = 'sqlite:///mlflow.db';
const ID = `d-${'a'.repeat(32)}`;

const dataset: ForeignDataset = {
  id: ID,
  name: 'questions',
  digest: 'abcd0123',
  schema: '{"inputs": {"q": "string"}}',
  createdAt: 5,
  updatedAt: 6,
  createdBy: 'ada',
  updatedBy: 'bob',
  tags: [{ key: 'team', value: 'support' }],
  experimentIds: ['0'],
};

const record = (number: number, more: Partial<ForeignRecord> = {}): ForeignRecord => ({
  id: `dr-${number}`,
  inputs: `{"q": "${number}", "k": 1.0}`,
  outputs: null,
  expectations: '{"answer": NaN}',
  tags: '{}',
  source: '{"source_type": "TRACE", "source_data": {"trace_id": "tr-1"}}',
  createdAt: 10 + number,
  updatedAt: 20,
  createdBy: null,
  updatedBy: null,
  ...more,
});

const scorer: ForeignScorer = {
  id: '11111111-2222-3333-4444-555555555555',
  experimentId: '0',
  name: 'polite',
  versions: [
    { version: 1, serialized: '{"name": "polite"}', createdAt: 7 },
    { version: 4, serialized: '{"name": "polite", "n": 4}', createdAt: 8 },
  ],
};

describeDatabases('imports of evaluations', (open) => {
  test('a dataset keeps id, digest, times, users; its records their ids, order and exact values', async () => {
    const { evaluations, facts } = await openEvaluations(await open());
    expect(await evaluations.importDataset({ source, dataset, cause })).toEqual({ added: 1, changed: 0 });
    const records = [record(1), record(2, { outputs: '"plain"' })];
    const call = { source, datasetId: ID, records, cause };
    expect(await evaluations.importRecords(call)).toEqual({ added: 2, changed: 0 });
    expect(await evaluations.importRecords(call)).toEqual({ added: 0, changed: 0 });
    expect(await evaluations.getDataset(ID)).toEqual({
      id: ID,
      name: 'questions',
      digest: 'abcd0123',
      schema: dataset.schema,
      tags: dataset.tags,
      recordCount: 2,
      createdAt: 5,
      updatedAt: 6,
      createdBy: 'ada',
      updatedBy: 'bob',
    });
    const page = await evaluations.listRecords({ datasetId: ID, limit: 10 });
    expect(page.records).toMatchObject([
      { id: 'dr-1', inputs: '{"q": "1", "k": 1.0}', expectations: '{"answer": NaN}', createdAt: 11, updatedAt: 20 },
      { id: 'dr-2', outputs: '"plain"', source: { type: 'TRACE', id: 'tr-1' } },
    ]);
    expect(await evaluations.experimentsOfDataset(ID)).toEqual(['0']);
    expect(await facts()).toEqual([]);
  });

  test('a record with the inputs of one that is here is that one; its values are brought up to date', async () => {
    const { evaluations } = await openEvaluations(await open());
    await evaluations.importDataset({ source, dataset, cause });
    await evaluations.importRecords({ source, datasetId: ID, records: [record(1)], cause });
    const again = record(1, { id: 'dr-other', inputs: '{"k": 1.0, "q": "1"}', outputs: '1.5', updatedAt: 30 });
    const records = [again, record(3)];
    expect(await evaluations.importRecords({ source, datasetId: ID, records, cause })).toEqual({
      added: 1,
      changed: 1,
    });
    const page = await evaluations.listRecords({ datasetId: ID, limit: 10 });
    expect(page.records).toMatchObject([{ id: 'dr-1', outputs: '1.5', updatedAt: 30, createdAt: 11 }, { id: 'dr-3' }]);
    expect(await evaluations.getDataset(ID)).toMatchObject({ recordCount: 2, digest: 'abcd0123' });
    const changed = { ...dataset, digest: 'ffff0000', updatedAt: 9, tags: [{ key: 'team', value: 'sales' }] };
    expect(await evaluations.importDataset({ source, dataset: changed, cause })).toEqual({ added: 0, changed: 1 });
    expect(await evaluations.getDataset(ID)).toMatchObject({ recordCount: 2, digest: 'ffff0000', tags: changed.tags });
  });

  test('what could be none of MLflow is refused, and changes nothing', async () => {
    const { evaluations, rows } = await openEvaluations(await open());
    const refused = async (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code });
    await refused(evaluations.importRecords({ source, datasetId: ID, records: [record(1)], cause }), 'NOT_FOUND');
    await evaluations.importDataset({ source, dataset, cause });
    const before = await rows();
    await refused(evaluations.importDataset({ source, dataset: { ...dataset, name: 'x' }, cause }), 'CONFLICT');
    await refused(
      evaluations.importDataset({ source, dataset: { ...dataset, experimentIds: ['9'] }, cause }),
      'NOT_FOUND',
    );
    for (const bad of [{ inputs: '[1]' }, { inputs: '{' }, { tags: '1' }, { source: '{"source_type": "MOON"}' }]) {
      const records = [record(1), record(2, bad)];
      await refused(evaluations.importRecords({ source, datasetId: ID, records, cause }), 'INVALID_ARGUMENT');
    }
    const code = { version: 1, serialized: '{"call_source": "import os"}', createdAt: 1 };
    const holdsCode = { ...scorer, versions: [code] };
    await refused(evaluations.importScorer({ source, scorer: holdsCode, cause }), 'INVALID_ARGUMENT');
    expect(await rows()).toEqual(before);
  });

  test('versions of a scorer keep their numbers, and the next one comes after the greatest', async () => {
    const { evaluations } = await openEvaluations(await open());
    const call = { source, scorer, cause };
    expect(await evaluations.importScorer(call)).toEqual({ added: 2, changed: 0, clashes: [] });
    expect(await evaluations.importScorer(call)).toEqual({ added: 0, changed: 0, clashes: [] });
    const which = { experimentId: '0', name: 'polite' };
    expect(await evaluations.listScorerVersions(which)).toMatchObject([
      { version: 1, scorerId: scorer.id, createdAt: 7 },
      { version: 4, createdAt: 8 },
    ]);
    const next = await evaluations.registerScorer({ ...which, serialized: '{"name": "polite"}', cause });
    expect(next.version).toBe(5);
    const other = { ...scorer, versions: [{ version: 5, serialized: '{"n": 5}', createdAt: 9 }] };
    expect(await evaluations.importScorer({ source, scorer: other, cause })).toMatchObject({ added: 0, clashes: [5] });
    // The id is taken, by a scorer of another name.
    await evaluations.importScorer({ source, scorer: { ...scorer, name: 'short' }, cause });
    const [short] = await evaluations.listScorerVersions({ experimentId: '0', name: 'short' });
    expect(short?.scorerId).not.toBe(scorer.id);
  });
});
