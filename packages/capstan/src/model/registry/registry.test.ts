import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { Database } from '#database';
import { cause, openRegistry, verdictOn } from './testing.ts';

describeDatabases('registry', (open) => {
  const setup = async () => await openRegistry((await open()) satisfies Database);

  test('models are created, described, tagged, renamed and deleted', async () => {
    const { registry } = await setup();
    await registry.createModel({ name: 'late arrival', description: 'd', tags: [{ key: 'a', value: '1' }], cause });
    await expect(registry.createModel({ name: 'late arrival', cause })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringContaining('already exists'),
    });
    await registry.describeModel({ name: 'late arrival', description: null, cause });
    await registry.setModelTag({ name: 'late arrival', tag: { key: 'b', value: '2' }, cause });
    await registry.removeModelTag({ name: 'late arrival', key: 'a', cause });
    await registry.removeModelTag({ name: 'late arrival', key: 'a', cause });
    expect(await registry.getModel('late arrival')).toMatchObject({
      description: null,
      tags: [{ key: 'b', value: '2' }],
      latestVersions: [],
    });
    await registry.renameModel({ name: 'late arrival', newName: 'late', cause });
    await expect(registry.getModel('late arrival')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await registry.deleteModel({ name: 'late', cause });
    await expect(registry.deleteModel({ name: 'late', cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('refuses names that clients could not write in a URI', async () => {
    const { registry } = await setup();
    for (const name of ['', ' ', 'a/b', 'a:b', 'a\nb', 'x'.repeat(257)]) {
      await expect(registry.createModel({ name, cause }), name).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'name',
      });
    }
  });

  test('a version number is never used again: not after a delete, a rename, or a model made anew', async () => {
    const { registry, logModel } = await setup();
    const loggedModelId = await logModel();
    const source = `models:/${loggedModelId}`;
    const next = async (model: string) =>
      (await registry.createVersion({ model, source, loggedModelId, cause })).version;
    await registry.createModel({ name: 'm', cause });
    expect([await next('m'), await next('m')]).toEqual([1, 2]);
    await registry.deleteVersion({ model: 'm', version: 2, cause });
    expect(await next('m')).toBe(3);
    await registry.deleteModel({ name: 'm', cause });
    await registry.createModel({ name: 'm', cause });
    expect(await next('m')).toBe(4);
    await registry.renameModel({ name: 'm', newName: 'n', cause });
    expect(await next('n')).toBe(5);
  });

  test('many at once get numbers of their own', async () => {
    const { registry, logModel } = await setup();
    const loggedModelId = await logModel();
    const source = `models:/${loggedModelId}`;
    await registry.createModel({ name: 'm', cause });
    const versions = await Promise.all(
      Array.from({ length: 20 }, () => registry.createVersion({ model: 'm', source, loggedModelId, cause })),
    );
    expect(versions.map((one) => one.version).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test('a version knows its run and the project it comes from', async () => {
    const { registry, experiments, events } = await setup();
    const { id: experimentId } = await experiments.createExperiment({ name: 'flight-delays', cause });
    const run = await experiments.createRun({ experimentId, cause });
    const model = await experiments.createLoggedModel({ experimentId, sourceRunId: run.id, cause });
    await registry.createModel({ name: 'm', cause });
    const version = await registry.createVersion({
      model: 'm',
      source: `models:/${model.id}`,
      loggedModelId: model.id,
      cause,
    });
    expect(version).toMatchObject({ runId: run.id, loggedModelId: model.id, createdBy: 'test', stage: 'None' });
    expect((await registry.getModel('m')).project).toBe('flight-delays');
    expect(await registry.versionsOfRun(run.id)).toEqual([version]);
    const facts = await events.list({ project: 'flight-delays', type: 'model-version.created', limit: 5 });
    expect(facts).toMatchObject([{ subject: 'model-version:m/1', payload: { model: 'm', version: 1, runId: run.id } }]);
  });

  test('sources must belong to the run or model beside them', async () => {
    const { registry, experiments, logModel } = await setup();
    const run = await experiments.createRun({ experimentId: '0', cause });
    const other = await experiments.createRun({ experimentId: '0', cause });
    const loggedModelId = await logModel();
    await registry.createModel({ name: 'm', cause });
    const files = async (source: string, claim: { runId?: string; loggedModelId?: string } = {}) =>
      (await registry.createVersion({ model: 'm', source, ...claim, cause })).files;
    const runRoot = `0/${run.id}/artifacts`;
    const modelRoot = `0/models/${loggedModelId}/artifacts`;
    expect(await files(`runs:/${run.id}/model`, { runId: run.id })).toEqual({ root: runRoot, path: 'model' });
    expect(await files(`models:/${loggedModelId}`, { loggedModelId })).toEqual({ root: modelRoot, path: '' });
    expect(await files(`mlflow-artifacts:/${runRoot}/model`, { runId: run.id })).toEqual({
      root: runRoot,
      path: 'model',
    });
    expect(await files(`mlflow-artifacts:/${modelRoot}`, { loggedModelId })).toEqual({ root: modelRoot, path: '' });
    expect(await files('models:/m/2')).toEqual({ root: modelRoot, path: '' });
    expect(await files('models:/m/2', { loggedModelId })).toEqual({ root: modelRoot, path: '' });
    expect(await files('s3://bucket/key')).toBeNull();

    const refused: [string, { runId?: string; loggedModelId?: string }][] = [
      ['/etc', { runId: run.id }],
      ['file:///etc/passwd', { runId: run.id }],
      ['model', {}],
      ['dummy-source', {}],
      ['', {}],
      ['http://127.0.0.1/x', {}],
      ['https://example.com/x', {}],
      ['ftp://example.com/x', {}],
      ['mlflow-artifacts://host/x', { runId: run.id }],
      ['s3://bucket/../x', {}],
      ['s3://bucket/%2e%2e/x', {}],
      ['s3://bucket/%2e%2e?y', {}],
      ['uc:/x', {}],
      [`runs:/${run.id}/model`, {}],
      [`runs:/${run.id}/model`, { runId: other.id }],
      [`runs:/${run.id}/../x`, { runId: run.id }],
      [`models:/${loggedModelId}`, {}],
      [`models:/${loggedModelId}`, { loggedModelId: 'm-other' }],
      ['models:/m/2', { runId: run.id }],
      ['models:/m/2', { loggedModelId: 'm-other' }],
      [`mlflow-artifacts:/0/${'0'.repeat(32)}/artifacts/x`, { runId: '0'.repeat(32) }],
      [`models:/${loggedModelId}/../x`, {}],
      [`mlflow-artifacts:/${runRoot}/model`, {}],
      [`mlflow-artifacts:/${runRoot}/model`, { runId: other.id }],
      [`mlflow-artifacts:/${modelRoot}`, { runId: run.id }],
    ];
    for (const [source, claim] of refused) {
      await expect(files(source, claim), `${source} ${JSON.stringify(claim)}`).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^Invalid (model version source|path)/),
      });
    }
    // Of a run elsewhere there is nothing to read here: it is taken as it is.
    expect(await files(`runs:/${'0'.repeat(32)}/x`, { runId: '0'.repeat(32) })).toBeNull();
    const { version } = await registry.createVersion({ model: 'm', source: 'runs:/there/x', runId: 'there', cause });
    expect(await registry.downloadUri('m', version)).toBe('runs:/there/x');
  });

  test('a runs:/ source finds the model that the run logged under that name', async () => {
    const { registry, experiments, logModel } = await setup();
    const run = await experiments.createRun({ experimentId: '0', cause });
    const modelId = await logModel('forest', run.id);
    await experiments.logOutputs({ runId: run.id, models: [{ modelId, step: 0 }], cause });
    await registry.createModel({ name: 'm', cause });
    const version = await registry.createVersion({
      model: 'm',
      source: `runs:/${run.id}/forest`,
      runId: run.id,
      cause,
    });
    expect(version).toMatchObject({
      loggedModelId: modelId,
      files: { root: `0/models/${modelId}/artifacts`, path: '' },
    });
    expect(await registry.downloadUri('m', 1)).toBe(`mlflow-artifacts:/0/models/${modelId}/artifacts`);
  });

  test('a copy of a version whose files are elsewhere says where, also when the version it was made from is gone', async () => {
    const { registry } = await setup();
    for (const name of ['m', 'copies']) await registry.createModel({ name, cause });
    await registry.createVersion({ model: 'm', source: 's3://bucket/net', cause });
    await registry.createVersion({ model: 'copies', source: 'models:/m/1', cause });
    await registry.createVersion({ model: 'copies', source: 'models:/copies/1', cause });
    await registry.deleteModel({ name: 'm', cause });
    expect(await registry.getVersion('copies', 2)).toMatchObject({ source: 'models:/copies/1', files: null });
    for (const version of [1, 2]) expect(await registry.downloadUri('copies', version)).toBe('s3://bucket/net');
    await expect(registry.modelFiles('copies', 2)).rejects.toThrow('not in Capstan but at s3://bucket/net');
  });

  test('an alias moves in one step and its history says who, when, from where and why', async () => {
    const { registry, logModel, advance, facts } = await setup();
    const loggedModelId = await logModel();
    const source = `models:/${loggedModelId}`;
    await registry.createModel({ name: 'm', cause });
    for (let count = 0; count < 2; count++) await registry.createVersion({ model: 'm', source, loggedModelId, cause });
    await registry.setAlias({ model: 'm', alias: 'champion', version: 1, cause });
    advance(1_000);
    await registry.setAlias({
      model: 'm',
      alias: 'champion',
      version: 2,
      reason: 'better',
      cause: { actor: 'person:ann' },
    });
    await registry.setAlias({ model: 'm', alias: 'champion', version: 2, cause });
    expect((await registry.getVersionByAlias('m', 'champion')).version).toBe(2);
    expect((await registry.getVersion('m', 1)).aliases).toEqual([]);
    advance(1_000);
    await registry.removeAlias({ model: 'm', alias: 'champion', cause });
    await registry.removeAlias({ model: 'm', alias: 'champion', cause });
    const moves = await registry.aliasHistory({ model: 'm', limit: 10 });
    expect(moves.map(({ from, to, actor, reason }) => ({ from, to, actor, reason }))).toEqual([
      { from: 2, to: null, actor: 'test', reason: null },
      { from: 1, to: 2, actor: 'person:ann', reason: 'better' },
      { from: null, to: 1, actor: 'test', reason: null },
    ]);
    expect(moves.map((move) => move.at).toSorted((a, b) => b - a)).toEqual(moves.map((move) => move.at));
    expect(await registry.aliasHistory({ model: 'm', before: moves[1]?.seq, limit: 10 })).toHaveLength(1);
    expect((await facts()).filter((type) => type.startsWith('model-alias'))).toHaveLength(3);
  });

  test('aliases that read like versions are refused, as are versions that are not there', async () => {
    const { registry, register } = await setup();
    await registry.createModel({ name: 'm', cause });
    await register('m');
    for (const alias of ['', 'v1', 'V12', 'latest', 'LATEST', 'a b', 'a/b', 'x'.repeat(256)]) {
      await expect(registry.setAlias({ model: 'm', alias, version: 1, cause }), alias).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    await expect(registry.setAlias({ model: 'm', alias: 'a', version: 9, cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(registry.setAlias({ model: 'none', alias: 'a', version: 1, cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(registry.getVersionByAlias('m', 'a')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'Registered model alias a not found.',
    });
  });

  test('promotion needs a verdict that passes for exactly this version', async () => {
    const { registry, register } = await setup();
    await registry.createModel({ name: 'm', cause });
    for (let count = 0; count < 2; count++) await register('m');
    const promote = (verdict: Parameters<typeof registry.promote>[0]['verdict']) =>
      registry.promote({ model: 'm', version: 2, alias: 'champion', verdict, cause });
    const check = { check: 'latency', value: 12, limit: 10, n: 100, reason: 'p99 12 ms' } as const;
    for (const verdict of [
      verdictOn('m', 2, 'fail'),
      verdictOn('m', 2, 'unknown'),
      verdictOn('m', 1, 'pass'),
      verdictOn('other', 2, 'pass'),
      { ...verdictOn('m', 2, 'pass'), checks: [{ ...check, status: 'unknown' as const }] },
    ]) {
      await expect(promote(verdict)).rejects.toMatchObject({ code: 'CONFLICT', field: 'verdict' });
    }
    expect((await registry.getModel('m')).aliases).toEqual([]);
    await promote(verdictOn('m', 2, 'pass'));
    expect(await registry.aliasHistory({ model: 'm', limit: 1 })).toMatchObject([{ to: 2, verdictId: 'vd_1' }]);
  });

  test('deleting a version takes its aliases along, with a trace', async () => {
    const { registry, register } = await setup();
    await registry.createModel({ name: 'm', cause });
    await register('m');
    await registry.setAlias({ model: 'm', alias: 'champion', version: 1, cause });
    await registry.deleteVersion({ model: 'm', version: 1, cause });
    await expect(registry.getVersion('m', 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(registry.deleteVersion({ model: 'm', version: 1, cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await registry.getModel('m')).aliases).toEqual([]);
    expect(await registry.aliasHistory({ model: 'm', limit: 1 })).toMatchObject([
      { from: 1, to: null, reason: 'the version was deleted' },
    ]);
  });

  test('stages work for old clients', async () => {
    const { registry, register } = await setup();
    await registry.createModel({ name: 'm', cause });
    for (let count = 0; count < 3; count++) await register('m');
    const move = (version: number, stage: string, archivesOthers = false) =>
      registry.moveToStage({ model: 'm', version, stage, archivesOthers, cause });
    expect((await move(1, 'production')).stage).toBe('Production');
    await move(2, 'PRODUCTION', true);
    expect((await registry.getVersion('m', 1)).stage).toBe('Archived');
    const latest = async (...names: string[]) =>
      (await registry.latestVersions('m', names)).map((one) => [one.stage, one.version]);
    expect(await latest()).toEqual([
      ['Archived', 1],
      ['Production', 2],
      ['None', 3],
    ]);
    expect(await latest('none')).toEqual([['None', 3]]);
    await expect(move(1, 'bogus')).rejects.toMatchObject({
      message: 'Invalid Model Version stage: bogus. Value must be one of None, Staging, Production, Archived.',
    });
    await expect(move(1, 'Archived', true)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('searches: models without the prompt tag are no prompts, versions newest first', async () => {
    const { registry, logModel, advance } = await setup();
    const loggedModelId = await logModel();
    const source = `models:/${loggedModelId}`;
    for (const name of ['b', 'a', 'c'])
      await registry.createModel({ name, tags: [{ key: 'team', value: name }], cause });
    await registry.createModel({ name: 'p', tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }], cause });
    for (const model of ['a', 'b', 'a']) {
      advance(1_000);
      await registry.createVersion({ model, source, loggedModelId, tags: [{ key: 'of', value: model }], cause });
    }
    const models = async (filter: string, orderBy: string[] = []) =>
      (await registry.searchModels({ filter, orderBy, limit: 10 })).models.map((one) => one.name).join('');
    expect(await models('')).toBe('abc');
    expect(await models("tag.`mlflow.prompt.is_prompt` != 'true'")).toBe('abc');
    expect(await models("tag.`mlflow.prompt.is_prompt` = 'false'")).toBe('abc');
    expect(await models("tags.`mlflow.prompt.is_prompt` = 'true'")).toBe('p');
    expect(await models("name ILIKE 'A%' AND tags.team = 'a'")).toBe('a');
    expect(await models("name IN ('a', 'c')", ['name DESC'])).toBe('ca');
    expect(await models("name LIKE '[ab]'")).toBe('');
    expect(await models("name NOT IN ('a') OR tags.`mlflow.prompt.is_prompt` = 'true'")).toBe('bcp');
    await expect(models('', ['timestamp', 'last_updated_timestamp DESC'])).rejects.toMatchObject({
      message: expect.stringContaining('duplicate fields'),
    });
    const versions = async (filter: string, orderBy: string[] = []) =>
      (await registry.searchVersions({ filter, orderBy, limit: 10 })).versions
        .map((one) => `${one.model}${one.version}`)
        .join(' ');
    expect(await versions('')).toBe('a2 b1 a1');
    expect(await versions("name = 'a'", ['version_number'])).toBe('a1 a2');
    expect(await versions('version_number > 1')).toBe('a2');
    expect(await versions("version_number = '2'")).toBe('a2');
    expect(await versions("tags.of = 'b' OR version_number BETWEEN 2 AND 9")).toBe('a2 b1');
    expect(await versions('tags.of IS NULL OR version_number > 99999999999')).toBe('');
    expect(await registry.countVersions({ filter: "name = 'a'" })).toBe(2);
    expect(await registry.countModels({ filter: "name != 'a'" })).toBe(2);
    expect(await versions("run_id != 'x'")).toBe('a2 b1 a1');
    expect(await versions("tags.of = 'b' AND name IN ('a', 'b')")).toBe('b1');
    expect(await versions(`source_path = '${source}'`, ['name', 'version_number DESC'])).toBe('a2 a1 b1');
    for (const filter of [
      "stage = 'None'",
      "alias = 'x'",
      'creation_timestamp > 0',
      "version_number = 'one'",
      'version_number = 1.5',
    ]) {
      await expect(registry.searchVersions({ filter, limit: 1 }), filter).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    const seen: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await registry.searchVersions({ limit: 1, pageToken });
      seen.push(...page.versions.map((one) => `${one.model}${one.version}`));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(seen).toEqual(['a2', 'b1', 'a1']);
  });

  test('the files of a version are told by its MLmodel file', async () => {
    const { registry, experiments, logModel } = await setup();
    await registry.createModel({ name: 'm', cause });
    const id = await logModel();
    const put = (path: string, text: string) =>
      experiments.putArtifact({ owner: { kind: 'logged-model', id }, path, bytes: Buffer.from(text), cause });
    await registry.createVersion({ model: 'm', source: `models:/${id}`, loggedModelId: id, cause });
    await expect(registry.modelFiles('m', 1)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('no MLmodel'),
    });
    const onnx = await put('model.onnx', 'not really');
    await put('MLmodel', 'flavors: [1, 2]');
    await expect(registry.modelFiles('m', 1)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('MLmodel:1'),
    });
    const signature = `signature:\n  inputs: '[{"name": "x"}]'\n  outputs: '[]'\n`;
    await put(
      'MLmodel',
      `flavors:\n  onnx: {data: model.onnx, onnx_version: 1.2.3}\n  python_function: {loader_module: m}\n${signature}`,
    );
    const files = await registry.modelFiles('m', 1);
    expect(files).toMatchObject({
      flavor: 'onnx',
      flavors: ['onnx', 'python_function'],
      onnx: onnx.digest,
      signature: { inputs: '[{"name": "x"}]', outputs: '[]' },
    });
    expect(files.files.map((file) => file.path)).toEqual(['MLmodel', 'model.onnx']);
    await registry.createVersion({ model: 'm', source: 's3://bucket/x', cause });
    await expect(registry.modelFiles('m', 2)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await registry.downloadUri('m', 2)).toBe('s3://bucket/x');
  });
});
