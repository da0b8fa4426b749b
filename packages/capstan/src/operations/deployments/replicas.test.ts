import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, removeFolders, setup } from './testing.ts';

afterAll(removeFolders);
afterEach(() => vi.restoreAllMocks());

describeDatabases('a replica that differs', (open) => {
  const name = 'iris';
  const serving = [{ deployment: name, revision: 1 }];

  async function served() {
    const made = await setup(await open());
    const { deployments, events, reportAs } = made;
    await deployments.start({ deployment: name, model: 'iris', version: 1 }, cause);
    await reportAs('r1', serving);
    const facts = async () =>
      (await events.list({ limit: 100 }))
        .filter(({ type }) => type.startsWith('replica.'))
        .map(({ type, payload }) => [type, payload]);
    const shown = async () =>
      (await deployments.get(name)).replicas.find(({ replica }) => replica === 'r1')?.differences;
    return { ...made, facts, shown };
  }

  test('is told once when it begins, shown while it lasts, and told once when it agrees again', async () => {
    const { reportAs, facts, shown, deployments } = await served();
    expect(await shown()).toEqual([]);
    const digest = `sha256:${'0'.repeat(64)}` as const;
    for (let round = 0; round < 2; round++) await reportAs('r1', [{ deployment: name, revision: 1, digest }]);
    const reason = expect.stringContaining(`its revision 1 is ${digest}`);
    expect(await shown()).toEqual([reason]);
    expect(await facts()).toEqual([['replica.differed', { replica: 'r1', deployment: name, reason }]]);
    // No rollout is under way, so nothing is rolled back.
    expect(await deployments.get(name)).toMatchObject({ champion: { number: 1 } });
    for (let round = 0; round < 2; round++) await reportAs('r1', serving);
    expect(await shown()).toEqual([]);
    expect((await facts()).slice(1)).toEqual([['replica.agreed', { replica: 'r1', deployment: name }]]);
  });

  test('on an old state is one once it has told that for a minute, and not when it gets on or was silent', async () => {
    const { reportAs, facts, shown } = await served();
    const start = Date.now();
    const at = async (seconds: number, snapshotVersion?: number) => {
      vi.spyOn(Date, 'now').mockReturnValue(start + seconds * 1_000);
      await reportAs('r1', serving, snapshotVersion === undefined ? {} : { snapshotVersion });
      return (await shown())?.length;
    };
    // It follows, if late.
    expect([await at(0, 0), await at(25, 0), await at(50, 1), await at(75, 1), await at(100, 1)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    // After a silence from when it speaks again.
    expect([await at(140, 1), await at(165, 1), await at(190, 1), await at(201, 1)]).toEqual([0, 0, 0, 1]);
    expect(await facts()).toMatchObject([['replica.differed', { replica: 'r1' }]]);
    expect(await at(170)).toBe(0);
    expect((await facts()).slice(1)).toEqual([['replica.agreed', { replica: 'r1' }]]);
  });
});
