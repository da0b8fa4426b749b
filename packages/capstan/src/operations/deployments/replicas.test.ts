import type { ReplicaReport } from '@capstan/api';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
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

  describe('for a minute', () => {
    const digest = `sha256:${'0'.repeat(64)}` as const;
    const differing = [{ deployment: name, revision: 1, digest }];
    const portGroup = 'pg';

    async function two() {
      const made = await served();
      const start = Date.now();
      const at = (seconds: number): void => void vi.spyOn(Date, 'now').mockReturnValue(start + seconds * 1_000);
      /** Both report, r1 as one that differs. Returns what it is told. */
      const report = async (seconds: number, other = serving, change: Partial<ReplicaReport> = {}) => {
        at(seconds);
        await made.reportAs('r2', other, { portGroup });
        return await made.reportAs('r1', differing, { portGroup, ...change });
      };
      const isShown = async () =>
        (await made.deployments.get(name)).replicas.find(({ replica }) => replica === 'r1')?.isWithheld;
      return { ...made, at, report, isShown };
    }

    test('is told to answer nothing as long as another one agrees, and that is in the chain of facts', async () => {
      const { report, reportAs, facts, isShown, at } = await two();
      const told = [];
      for (const seconds of [0, 25, 50]) told.push(await report(seconds));
      expect([told, await isShown()]).toEqual([[undefined, undefined, undefined], false]);
      const withheld = { deployments: [{ deployment: name, reason: expect.any(String) }], leavesPort: true };
      expect(await report(61)).toEqual(withheld);
      expect(await report(70)).toEqual(withheld);
      expect(await isShown()).toBe(true);
      expect((await facts()).slice(1)).toMatchObject([['replica.withheld', { replica: 'r1', deployment: name }]]);
      // The other one is gone without a word: better this one than none.
      at(81);
      expect(await reportAs('r1', differing, { portGroup })).toEqual(withheld);
      at(82);
      expect(await reportAs('r1', differing, { portGroup })).toBeUndefined();
      expect((await facts()).slice(2)).toEqual([['replica.restored', { replica: 'r1', deployment: name }]]);
      expect(await report(103)).toEqual(withheld);
      expect(await reportAs('r1', serving, { portGroup })).toBeUndefined();
      expect(await isShown()).toBe(false);
    });

    /** Two, of which what r1 answers is withheld; replicas wait for the next snapshot and hang up. */
    async function waiting() {
      const made = await two();
      for (const seconds of [0, 25, 50]) await made.report(seconds);
      expect(await made.report(61)).toBeDefined();
      const { deployments } = made;
      const { version } = await deployments.snapshot();
      const waits = (replica: string, waitMs = 20_000) => {
        const caller = new AbortController();
        const answer = deployments.nextSnapshot({ version, at: undefined, replica }, waitMs, caller.signal);
        const hangUp = async (): Promise<void> => {
          caller.abort();
          await answer;
        };
        return { answer, hangUp };
      };
      const isThere = async (asked: string) =>
        (await deployments.get(name)).replicas.find(({ replica }) => replica === asked)?.isCurrent;
      const isMissed = (replica: string) =>
        vi.waitFor(async () => expect(await isThere(replica)).toBe(false), { timeout: 10_000 });
      return { ...made, waits, isThere, isMissed };
    }

    test('ends at once when the other one hangs up and does not come back, until it is heard again', async () => {
      const { report, reportAs, waits, isMissed, isThere } = await waiting();
      await waits('r2').hangUp();
      await isMissed('r2');
      expect(await reportAs('r1', differing, { portGroup })).toBeUndefined();
      expect(await report(62)).toBeDefined();
      expect(await isThere('r2')).toBe(true);
    });

    test('goes on where the other one comes back, or was answered, or has reported since', async () => {
      const { reportAs, waits, isMissed, isThere, at } = await waiting();
      for (const replica of ['r3', 'r4', 'r5']) await reportAs(replica, serving, { portGroup });
      await waits('r2').hangUp();
      const again = waits('r2');
      await waits('r3', 0).answer;
      await waits('r4').hangUp();
      at(62);
      await reportAs('r4', serving, { portGroup });
      // By then they would be missed too.
      await waits('r5').hangUp();
      await isMissed('r5');
      expect(await Promise.all(['r2', 'r3', 'r4'].map(isThere))).toEqual([true, true, true]);
      expect(await reportAs('r1', differing, { portGroup })).toBeDefined();
      await again.hangUp();
    });

    test('goes on where the other one differs too, and where it knows more than this control plane', async () => {
      const { report } = await two();
      for (const seconds of [0, 25, 50]) await report(seconds, differing);
      expect(await report(61, differing)).toBeUndefined();
      expect(await report(62, serving, { snapshotVersion: 9_999 })).toBeUndefined();
      expect(await report(63)).toBeDefined();
    });

    test('is neither waited for nor listened to by the next rollout while it is withheld', async () => {
      const { report, reportAs, deployments } = await two();
      for (const seconds of [0, 25, 50, 61]) await report(seconds);
      const { id } = await deployments.start({ deployment: name, model: 'iris', version: 6, newInputs: true }, cause);
      const failures = [{ deployment: name, revision: 2, reason: 'no such package' }];
      expect(await report(62, serving, { failures })).toBeDefined();
      expect((await deployments.rollout(id)).state).toBe('full');
      await reportAs('r2', [...serving, { deployment: name, revision: 2 }], { portGroup });
      expect((await deployments.rollout(id)).state).toBe('promoted');
    });

    test('begins anew after a silence', async () => {
      const { report } = await two();
      for (const seconds of [0, 25, 50]) await report(seconds);
      expect(await report(90)).toBeUndefined();
      expect(await report(115)).toBeUndefined();
      expect(await report(140)).toBeUndefined();
      expect(await report(151)).toBeDefined();
    });
  });
});
