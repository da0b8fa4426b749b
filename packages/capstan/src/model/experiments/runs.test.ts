import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { START, cause, openBench } from './testing.ts';

describeDatabases('runs', (open) => {
  test('a run without a name gets one, in the tag too', async () => {
    const { experiments, facts } = await openBench(await open());
    const run = await experiments.createRun({ experimentId: '0', cause });
    expect(run.id).toMatch(/^[0-9a-f]{32}$/);
    expect(run.name).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/);
    expect(run).toMatchObject({
      status: 'RUNNING',
      startTime: START,
      endTime: null,
      artifactRoot: `0/${run.id}/artifacts`,
      tags: [{ key: 'mlflow.runName', value: run.name }],
    });
    expect(await facts()).toEqual(['experiment.created', 'run.created']);
  });

  test('name and name tag must agree', async () => {
    const { experiments } = await openBench(await open());
    const tags = [{ key: 'mlflow.runName', value: 'b' }];
    await expect(experiments.createRun({ experimentId: '0', name: 'a', tags, cause })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect((await experiments.createRun({ experimentId: '0', tags, cause })).name).toBe('b');
  });

  test('a run needs an experiment', async () => {
    const { experiments } = await openBench(await open());
    await expect(experiments.createRun({ experimentId: '9', cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a change touches only what it names, and ends the run once', async () => {
    const { experiments, startRun, facts } = await openBench(await open());
    const id = await startRun('first');
    const ended = { id, status: 'FINISHED', endTime: START + 5, cause } as const;
    expect(await experiments.updateRun(ended)).toMatchObject({ status: 'FINISHED', endTime: START + 5, name: 'first' });
    await experiments.updateRun(ended);
    expect((await facts()).filter((type) => type === 'run.ended')).toHaveLength(1);
    expect(await experiments.updateRun({ id, status: 'RUNNING', cause })).toMatchObject({
      status: 'RUNNING',
      endTime: START + 5,
    });
    await experiments.updateRun({ id, name: 'second', cause });
    expect((await experiments.getRun(id)).tags).toEqual([{ key: 'mlflow.runName', value: 'second' }]);
  });

  test('the name tag renames the run', async () => {
    const { experiments, startRun } = await openBench(await open());
    const runId = await startRun('first');
    await experiments.logBatch({ runId, tags: [{ key: 'mlflow.runName', value: 'second' }], cause });
    expect((await experiments.getRun(runId)).name).toBe('second');
  });

  test('deleting and restoring are idempotent and all or nothing', async () => {
    const { experiments, startRun } = await openBench(await open());
    const [a, b] = [await startRun(), await startRun()];
    expect(await experiments.deleteRuns({ ids: [a], cause })).toBe(1);
    expect(await experiments.deleteRuns({ ids: [a], cause })).toBe(0);
    await expect(experiments.deleteRuns({ ids: [b, 'f'.repeat(32)], cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await experiments.getRun(b)).lifecycle).toBe('active');
    expect(await experiments.restoreRuns({ ids: [a, b], cause })).toBe(1);
  });

  test('a deleted run takes nothing', async () => {
    const { experiments, startRun } = await openBench(await open());
    const id = await startRun();
    await experiments.deleteRuns({ ids: [id], cause });
    const refused = {
      code: 'CONFLICT',
      message: `The run ${id} must be in the 'active' state. Current state is deleted.`,
    };
    const tags = [{ key: 'a', value: 'b' }];
    await expect(experiments.logBatch({ runId: id, tags, cause })).rejects.toMatchObject(refused);
    await expect(experiments.updateRun({ id, name: 'x', cause })).rejects.toMatchObject(refused);
    await expect(experiments.removeTag({ id, key: 'a', cause })).rejects.toMatchObject(refused);
    const models = [{ modelId: 'm-1', step: 0 }];
    await expect(experiments.logOutputs({ runId: id, models, cause })).rejects.toMatchObject(refused);
    const upload = { owner: { kind: 'run', id }, path: 'a.txt', bytes: Buffer.from('x'), cause } as const;
    await expect(experiments.putArtifact(upload)).rejects.toMatchObject(refused);
    expect((await experiments.getRun(id)).tags).toHaveLength(1);
  });

  test('tags are overwritten, cut when long, and removed', async () => {
    const { experiments, startRun } = await openBench(await open());
    const runId = await startRun('n');
    const emoji = '\u{1F600}';
    await experiments.logBatch({
      runId,
      tags: [
        { key: 'a', value: '1' },
        { key: 'a', value: '2' },
      ],
      cause,
    });
    await experiments.logBatch({ runId, tags: [{ key: 'long', value: `${'x'.repeat(7_999)}${emoji}` }], cause });
    const tags = new Map((await experiments.getRun(runId)).tags.map((tag) => [tag.key, tag.value]));
    expect(tags.get('a')).toBe('2');
    expect(tags.get('long')).toBe('x'.repeat(7_999));
    await experiments.removeTag({ id: runId, key: 'a', cause });
    await expect(experiments.removeTag({ id: runId, key: 'a', cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('inputs and outputs are recorded once', async () => {
    const { experiments, startRun, facts } = await openBench(await open());
    const runId = await startRun();
    const dataset = {
      name: 'flights',
      digest: 'abc',
      sourceType: 'local',
      source: '{}',
      schema: null,
      profile: '{"rows":1}',
      tags: [{ key: 'mlflow.data.context', value: 'training' }],
    };
    for (let times = 0; times < 2; times++) {
      await experiments.logInputs({ runId, datasets: [dataset], models: ['m-1'], cause });
      await experiments.logOutputs({ runId, models: [{ modelId: 'm-2', step: 2n ** 60n }], cause });
    }
    const other = await startRun();
    await experiments.logInputs({ runId: other, datasets: [dataset], models: [], cause });
    const run = await experiments.getRun(runId);
    expect(run.datasets).toEqual([dataset]);
    expect(run.modelInputs).toEqual(['m-1']);
    expect(run.modelOutputs).toEqual([{ modelId: 'm-2', step: 2n ** 60n }]);
    expect((await facts()).filter((type) => type === 'run.logged')).toHaveLength(3);
    expect(await experiments.datasetSummaries(['0'])).toMatchObject([
      { experimentId: '0', name: 'flights', digest: 'abc', context: 'training' },
    ]);
  });

  test('runs that read a dataset of a kind are found by what its source names, the newest first', async () => {
    const { experiments, startRun } = await openBench(await open());
    const readBy = async (sourceType: string, source: string, digest: string): Promise<string> => {
      const runId = await startRun();
      const dataset = { name: 'questions', digest, sourceType, source, schema: null, profile: null, tags: [] };
      await experiments.logInputs({ runId, datasets: [dataset], models: [], cause });
      return runId;
    };
    const first = await readBy('kept', '{"dataset_id": "d-1"}', 'a');
    const second = await readBy('kept', '{"dataset_id": "d-1"}', 'b');
    const gone = await readBy('kept', '{"dataset_id": "d-1"}', 'c');
    await experiments.deleteRuns({ ids: [gone], cause });
    await readBy('kept', '{"dataset_id": "d-11"}', 'd');
    await readBy('other', '{"dataset_id": "d-1"}', 'e');
    const asked = { sourceType: 'kept', names: 'd-1', limit: 10 };
    expect(await experiments.runsThatRead(asked)).toEqual([
      { runId: second, digest: 'b' },
      { runId: first, digest: 'a' },
    ]);
    expect(await experiments.runsThatRead({ ...asked, limit: 1 })).toHaveLength(1);
    expect(await experiments.runsThatRead({ ...asked, names: 'd-%' })).toEqual([]);
  });

  test('facts of an experiment that is named as a project belong to that project', async () => {
    const { experiments, events } = await openBench(await open());
    const { id } = await experiments.createExperiment({ name: 'flight-delays', cause });
    await experiments.createRun({ experimentId: id, cause });
    const facts = await events.list({ project: 'flight-delays', limit: 10 });
    expect(facts.map((fact) => fact.type)).toEqual(['experiment.created', 'run.created']);
  });
});
