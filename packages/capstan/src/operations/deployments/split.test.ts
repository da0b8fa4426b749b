import { afterAll, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, removeFolders, setup } from './testing.ts';

afterAll(removeFolders);

describeDatabases('a split by hand', (open) => {
  const iris = { deployment: 'iris', model: 'iris' };
  const sticky = 'x-user-id';

  async function split() {
    const made = await setup(await open());
    const { deployments, reportAs } = made;
    await deployments.start({ ...iris, version: 1 }, cause);
    await reportAs('r1', [{ deployment: 'iris', revision: 1 }]);
    const { id } = await deployments.start({ ...iris, version: 2, split: { share: 0.2, sticky } }, cause);
    const both = [1, 2].map((revision) => ({ deployment: 'iris', revision }));
    const served = async () => (await deployments.snapshot()).deployments[0];
    const shares = async () => (await served())?.routes.map(({ revision, share }) => [revision, share]);
    return { ...made, id, both, served, shares };
  }

  test('has its share until somebody decides, however long that takes and whatever is logged', async () => {
    const { deployments, reportAs, id, both, served, shares, advanceClock } = await split();
    await reportAs('r1', both);
    advanceClock(400 * 86_400_000);
    const cursor = await deployments.evidenceCursor('iris');
    if (!cursor) throw new Error('the rollout is under way');
    await deployments.advance(cursor, [], 1_000, cause);
    expect(await deployments.rollout(id)).toMatchObject({ state: 'held', isLive: true, guards: false });
    expect(await shares()).toEqual([
      [1, 0.8],
      [2, 0.2],
    ]);
    expect(await served()).toMatchObject({ sticky });
    expect(await deployments.get('iris')).toMatchObject({ champion: { number: 1 } });
  });

  test('its share is changed, and every change is a fact', async () => {
    const { deployments, reportAs, id, both, shares, events, served } = await split();
    await reportAs('r1', both);
    const salt = (await served())?.salt;
    expect(await deployments.share(id, { share: 0.6, reason: 'it does well' }, cause)).toMatchObject({
      plan: [{ kind: 'canary', share: 0.6, sticky }],
      isLive: false,
    });
    expect(await shares()).toEqual([
      [1, 0.4],
      [2, 0.6],
    ]);
    // Who has it keeps it.
    expect((await served())?.salt).toBe(salt);
    const [fact] = await events.list({ type: 'rollout.share-changed', limit: 10 });
    expect(fact?.payload).toMatchObject({ from: 0.2, share: 0.6, reason: 'it does well' });
    await reportAs('r1', both);
    expect(await deployments.rollout(id)).toMatchObject({ state: 'held', isLive: true });
  });

  test('gets all of the traffic when it is resumed, as soon as that is served', async () => {
    const { deployments, reportAs, id, both } = await split();
    await reportAs('r1', both);
    await deployments.resume(id, 'better', cause);
    await reportAs('r1', both);
    expect(await deployments.get('iris')).toMatchObject({ champion: { number: 2 } });
    await expect(deployments.share(id, { share: 0.5, reason: 'more' }, cause)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  test('ends with a rollback', async () => {
    const { deployments, id, shares } = await split();
    await deployments.rollBack('iris', { reason: 'worse' }, cause);
    expect(await deployments.rollout(id)).toMatchObject({ state: 'rolled-back' });
    expect(await shares()).toEqual([[1, 1]]);
  });

  test('is refused without a champion, and where there are guards; nothing is left of it', async () => {
    const { deployments, start, withChampion } = await setup(await open());
    await expect(deployments.start({ ...iris, version: 1, split: { share: 0.2 } }, cause)).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'split',
    });
    await expect(deployments.get('iris')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await withChampion();
    await expect(start(2, { split: { share: 0.2 } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'split',
    });
    const { id } = await start(2, { split: { share: 0.2 }, guards: false, verdictId: undefined });
    expect(await deployments.rollout(id)).toMatchObject({ state: 'held' });
    // Of those that have guards none is moved by hand.
    await deployments.rollBack('late-arrival', { reason: 'enough' }, cause);
    const guarded = await start(3);
    await deployments.hold(guarded.id, 'wait', cause);
    await expect(deployments.share(guarded.id, { share: 0.5, reason: 'more' }, cause)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });
});
