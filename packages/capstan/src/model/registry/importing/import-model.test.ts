import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { ForeignModel, ForeignVersion } from '../index.ts';
import { cause, openRegistry } from '../testing.ts';

const source = 'http://mlflow:5000';
const AT = 1_600_000_000_000;

const version = (number: number, more: Partial<ForeignVersion> = {}): ForeignVersion => ({
  version: number,
  source: `s3://bucket/${number}`,
  files: null,
  runId: null,
  loggedModelId: null,
  runLink: null,
  description: `the ${number}th`,
  stage: 'None',
  user: 'ops',
  createdAt: AT + number,
  updatedAt: AT + 100,
  tags: [{ key: 'checked', value: 'yes' }],
  ...more,
});

const model = (more: Partial<ForeignModel> = {}): ForeignModel => ({
  name: 'net',
  description: 'What it is',
  createdAt: AT,
  updatedAt: AT + 200,
  tags: [{ key: 'owner', value: 'ops' }],
  lastVersion: 5,
  versions: [version(1, { stage: 'Production' }), version(3)],
  aliases: [{ alias: 'champion', version: 3 }],
  ...more,
});

describeDatabases('imports of registered models', (open) => {
  test('keep numbers with their gaps, times, stages and aliases; the next number is one that never was', async () => {
    const { registry, logModel } = await openRegistry(await open());
    expect(await registry.importModel({ source, model: model(), isDryRun: true, cause })).toMatchObject({ added: 2 });
    await expect(registry.getModel('net')).rejects.toMatchObject({ code: 'NOT_FOUND' });

    const brought = { source, model: model(), isDryRun: false, cause };
    expect(await registry.importModel(brought)).toEqual({ added: 2, changed: 0, clashes: [] });
    expect(await registry.importModel(brought)).toEqual({ added: 0, changed: 2, clashes: [] });
    expect(await registry.getModel('net')).toMatchObject({
      description: 'What it is',
      createdAt: AT,
      updatedAt: AT + 200,
      aliases: [{ alias: 'champion', version: 3 }],
    });
    expect(await registry.getVersion('net', 1)).toMatchObject({
      stage: 'Production',
      createdBy: 'ops',
      createdAt: AT + 1,
      updatedAt: AT + 100,
      description: 'the 1th',
    });
    expect(await registry.aliasHistory({ model: 'net', limit: 10 })).toMatchObject([
      { alias: 'champion', from: null, to: 3, reason: `imported from ${source}` },
    ]);
    const id = await logModel();
    const next = await registry.createVersion({ model: 'net', source: `models:/${id}`, loggedModelId: id, cause });
    expect(next.version).toBe(6);
  });

  test('a number that is another version here stays as it is, and its alias with it', async () => {
    const { registry, logModel } = await openRegistry(await open());
    await registry.createModel({ name: 'net', cause });
    const id = await logModel();
    await registry.createVersion({ model: 'net', source: `models:/${id}`, loggedModelId: id, cause });
    const brought = model({ aliases: [{ alias: 'old', version: 1 }] });
    const outcome = await registry.importModel({ source, model: brought, isDryRun: false, cause });
    expect(outcome).toEqual({ added: 1, changed: 0, clashes: [1] });
    expect(await registry.getVersion('net', 1)).toMatchObject({ stage: 'None', aliases: [] });
  });

  test('files are those of a run or logged model that is here, deleted or not', async () => {
    const { registry, experiments, logModel } = await openRegistry(await open());
    const id = await logModel();
    await experiments.deleteLoggedModel({ id, cause });
    const files = { owner: { kind: 'logged-model', id }, path: 'sub' } as const;
    await registry.importModel({ source, model: model({ versions: [version(1, { files })] }), isDryRun: false, cause });
    expect(await registry.getVersion('net', 1)).toMatchObject({
      files: { root: `0/models/${id}/artifacts`, path: 'sub' },
    });
    const lost = version(2, { files: { owner: { kind: 'run', id: 'f'.repeat(32) }, path: '' } });
    await expect(
      registry.importModel({ source, model: model({ versions: [lost] }), isDryRun: false, cause }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
