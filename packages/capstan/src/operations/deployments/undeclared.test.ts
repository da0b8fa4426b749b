import { afterAll, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, removeFolders, setup } from './testing.ts';

afterAll(removeFolders);

describeDatabases('a deployment that no project declares', (open) => {
  const iris = { deployment: 'Iris_v2.prod', model: 'iris' };

  test('serves any model at once, without a verdict, and belongs to no project', async () => {
    const { deployments, events, report } = await setup(await open());
    const rollout = await deployments.start({ ...iris, version: 1 }, cause);
    expect(rollout).toMatchObject({ project: null, guards: false, plan: [{ kind: 'full' }] });
    await report([], { serving: [{ deployment: iris.deployment, revision: 1 }] });
    expect(await deployments.get(iris.deployment)).toMatchObject({ project: null, champion: { number: 1 } });
    expect((await events.list({ limit: 100 })).every((fact) => fact.project === undefined)).toBe(true);
    expect(await deployments.budgetWindow(iris.deployment)).toBeNull();
  });

  test('is served once every replica that is there says so', async () => {
    const { deployments, reportAs } = await setup(await open());
    await reportAs('r2', []);
    await deployments.start({ ...iris, version: 1 }, cause);
    const serving = [{ deployment: iris.deployment, revision: 1 }];
    await reportAs('r1', serving);
    expect(await deployments.get(iris.deployment)).not.toHaveProperty('champion');
    await reportAs('r2', serving);
    expect(await deployments.get(iris.deployment)).toMatchObject({ champion: { number: 1 } });
  });

  test('a replica that stops holds up no change', async () => {
    const { deployments, reportAs } = await setup(await open());
    await reportAs('r2', []);
    await deployments.start({ ...iris, version: 1 }, cause);
    await reportAs('r1', [{ deployment: iris.deployment, revision: 1 }]);
    expect(await deployments.get(iris.deployment)).not.toHaveProperty('champion');
    await deployments.replicaLeft('r2', { actor: 'replica:r2' });
    const { champion, replicas } = await deployments.get(iris.deployment);
    expect(champion).toMatchObject({ number: 1 });
    expect(replicas.map(({ replica }) => replica)).toEqual(['r1']);
  });

  test('is not served where a replica has loaded something else', async () => {
    const { deployments, reportAs } = await setup(await open());
    await deployments.start({ ...iris, version: 1 }, cause);
    const digest = `sha256:${'0'.repeat(64)}` as const;
    await reportAs('r1', [{ deployment: iris.deployment, revision: 1, digest }]);
    const [rollout] = await deployments.rollouts(iris.deployment);
    expect(rollout).toMatchObject({ state: 'rolled-back', reason: expect.stringContaining(`it has loaded ${digest}`) });
  });

  test('goes back to a revision that was champion and forth again; both stay loaded meanwhile', async () => {
    const { deployments, reportAs } = await setup(await open());
    const name = iris.deployment;
    const warm = async () => (await deployments.snapshot()).deployments[0]?.warm.map(({ revision }) => revision);
    for (const version of [1, 2, 3]) {
      const { revision } = await deployments.start({ ...iris, version, newInputs: true }, cause);
      await reportAs('r1', [{ deployment: name, revision }]);
    }
    expect(await warm()).toEqual([2]);
    expect(await deployments.rollBack(name, { reason: 'drill' }, cause)).toMatchObject({ champion: { number: 2 } });
    expect(await warm()).toEqual([1, 3]);
    const forth = await deployments.rollBack(name, { reason: 'drill', to: 3 }, cause);
    expect(forth).toMatchObject({ champion: { number: 3 } });
    const championIn = (await deployments.revisions(name)).map(({ number, ...row }) => [number, row.championIn.length]);
    expect(championIn).toEqual([
      [3, 2],
      [2, 2],
      [1, 1],
    ]);
    const never = deployments.rollBack(name, { reason: 'drill', to: 4 }, cause);
    await expect(never).rejects.toMatchObject({ code: 'CONFLICT', field: 'to' });
  });

  test('says what a request to it holds: the inputs of its champion, and no columns that are only logged', async () => {
    const { deployments, report } = await setup(await open());
    await deployments.start({ ...iris, version: 1 }, cause);
    await expect(deployments.request(iris.deployment)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await report([], { serving: [{ deployment: iris.deployment, revision: 1 }] });
    expect(await deployments.request(iris.deployment)).toEqual({
      revision: 1,
      flavor: 'onnx',
      context: { id: null, eventTime: null },
      inputs: [
        { name: 'distance', datatype: 'FP32', shape: [-1, 1] },
        { name: 'carrier', datatype: 'BYTES', shape: [-1, 1] },
      ],
    });
  });

  test('its model must be named, and stays the same', async () => {
    const { deployments } = await setup(await open());
    const unnamed = deployments.start({ deployment: iris.deployment, version: 1 }, cause);
    await expect(unnamed).rejects.toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('name its model') });
    await deployments.start({ ...iris, version: 1 }, cause);
    const other = deployments.start({ ...iris, model: 'wine', version: 1 }, cause);
    await expect(other).rejects.toMatchObject({ code: 'CONFLICT', field: 'model' });
  });

  test('a declared one serves the model that is declared, whatever is asked', async () => {
    const { deployments } = await setup(await open());
    const other = deployments.start({ deployment: 'late-arrival', model: 'iris', version: 1, guards: false }, cause);
    await expect(other).rejects.toMatchObject({ code: 'CONFLICT', field: 'model' });
    expect(await deployments.list()).toEqual([]);
  });

  test('a project that declares it later takes it over with its next rollout', async () => {
    const database = await open();
    const before = await setup(database, { deployment: 'elsewhere' });
    await before.deployments.start({ deployment: 'late-arrival', model: 'late-arrival', version: 1 }, cause);
    await before.report([1]);
    const { deployments, start } = await setup(database);
    expect(await deployments.get('late-arrival')).toMatchObject({ project: null });
    expect(await start(2)).toMatchObject({ project: 'flights', guards: true, from: 1 });
    expect(await deployments.get('late-arrival')).toMatchObject({ project: 'flights', champion: { number: 1 } });
  });

  test('data planes get the files of its model by the digest of their list, and no others', async () => {
    const { deployments, digest } = await setup(await open());
    await deployments.start({ ...iris, version: 1 }, cause);
    const [route] = (await deployments.snapshot()).deployments[0]?.routes ?? [];
    expect(route).toMatchObject({ flavor: 'onnx', digest });
    const files = [{ path: 'model.onnx', digest, sizeBytes: 7 }];
    expect(await deployments.modelPackage(route?.package ?? '')).toEqual({ files });
    expect((await (await deployments.modelFile(digest)).toArray()).join('')).toBe('a model');
    const unknown = `sha256:${'0'.repeat(64)}` as const;
    await expect(deployments.modelPackage(unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(deployments.modelFile(unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
