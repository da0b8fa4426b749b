import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { sha256 } from '#kernel/digest';
import { HOUR_MS, KEPT_MS } from './model.ts';
import { cause, countOf, openConsumersBench, START } from './testing.ts';

const booking = { name: 'booking-app', owner: 'booking', purpose: 'warns travellers' };

describeDatabases('counts of calls', (open) => {
  test('add up by caller, and a batch that comes again adds nothing', async () => {
    const { consumers } = await openConsumersBench(await open());
    const curl = { agent: 'curl', address: '127.0.0.1' };
    const first = { id: 'cb_1', replica: 'r1', counts: [countOf({ ...curl, requests: 3, rows: 5, errors: 1 })] };
    const second = {
      id: 'cb_2',
      replica: 'r2',
      counts: [countOf({ ...curl, requests: 2, refused: 2, lastAt: START + 9 })],
    };
    expect(await consumers.takeCounts(first)).toBe(true);
    expect(await consumers.takeCounts(first)).toBe(false);
    expect(await consumers.takeCounts(second)).toBe(true);
    expect(await consumers.takeCounts({ ...second, counts: [countOf({ requests: 99 })] })).toBe(false);
    expect(await consumers.callers({ days: 7 })).toEqual([
      {
        deployment: 'late-arrival',
        ...curl,
        requests: 5,
        rows: 6,
        errors: 1,
        refused: 2,
        firstSeenAt: START,
        lastSeenAt: START + 9,
      },
    ]);
  });

  test('batches of two data planes at once lose nothing', async () => {
    const { consumers } = await openConsumersBench(await open());
    const agents = ['a', 'b', 'c', 'd'];
    const batches = Array.from({ length: 20 }, (_, index) => ({
      id: `cb_${index}`,
      replica: `r${index % 2}`,
      counts: (index % 2 === 0 ? agents : agents.toReversed()).map((agent) => countOf({ agent, address: '::1' })),
    }));
    await Promise.all(batches.map((batch) => consumers.takeCounts(batch)));
    const callers = await consumers.callers({ days: 1 });
    expect(callers.map(({ agent, requests }) => [agent, requests])).toEqual(agents.map((agent) => [agent, 20]));
  });

  test('tell of a consumer what it asked, of which deployment, and by which token', async () => {
    const { consumers, advance } = await openConsumersBench(await open());
    const { consumer } = await consumers.create(booking, cause);
    const mine = { consumer: 'booking-app', token: consumer.tokens[0]?.id ?? null };
    advance(2 * HOUR_MS);
    const counts = [
      countOf({ ...mine, requests: 4, rows: 40, lastAt: START + 5 }),
      countOf({ ...mine, hour: START + HOUR_MS, requests: 2, refused: 1, lastAt: START + HOUR_MS + 7 }),
      countOf({ ...mine, deployment: 'other', requests: 1 }),
    ];
    await consumers.takeCounts({ id: 'cb_1', replica: 'r1', counts });
    const found = await consumers.get('booking-app', 7);
    expect(found).toMatchObject({ lastSeenAt: START + HOUR_MS + 7, day: { requests: 7, rows: 42, refused: 1 } });
    expect(found.tokens[0]?.lastUsedAt).toBe(START + HOUR_MS + 7);
    expect(found.hours).toEqual([
      { hour: START, requests: 5, rows: 41, refused: 0 },
      { hour: START + HOUR_MS, requests: 2, rows: 1, refused: 1 },
    ]);
    expect(found.byDeployment.map(({ deployment, requests }) => [deployment, requests])).toEqual([
      ['late-arrival', 6],
      ['other', 1],
    ]);
    expect((await consumers.list('late-arrival'))[0]?.day.requests).toBe(6);
    // A batch from before, that comes late, does not make it look longer away.
    await consumers.takeCounts({ id: 'cb_2', replica: 'r1', counts: [countOf({ ...mine, lastAt: START + 1 })] });
    expect((await consumers.get('booking-app', 7)).lastSeenAt).toBe(START + HOUR_MS + 7);
  });

  test('those past the most that are told apart are together, and old ones are forgotten', async () => {
    const { consumers, advance } = await openConsumersBench(await open());
    const counts = [countOf({}), countOf({ agent: '', address: '::1', requests: 2 })];
    await consumers.takeCounts({ id: 'cb_1', replica: 'r1', counts });
    expect((await consumers.callers({ days: 7 })).map(({ agent, address }) => [agent, address])).toEqual([
      ['', '::1'],
      [null, null],
    ]);
    advance(KEPT_MS);
    await consumers.expire(START + HOUR_MS);
    expect(await consumers.callers({ days: 35 })).toEqual([]);
  });

  test('of unknown tokens stand apart, with whose they were', async () => {
    const { consumers, advance } = await openConsumersBench(await open());
    const { token } = await consumers.create(booking, cause);
    await consumers.revoke('booking-app', {}, cause);
    const hash = sha256(token).slice(0, 8);
    const curl = { agent: 'curl', address: '10.0.0.7', refused: 3, requests: 3, rows: 0 };
    const others = { unknownToken: '', deployment: '', requests: 1 };
    const counts = [
      countOf({ ...curl, unknownToken: hash }),
      countOf({ ...curl, unknownToken: '0a0b0c0d' }),
      countOf(others),
    ];
    await consumers.takeCounts({ id: 'cb_1', replica: 'r1', counts });
    await consumers.takeCounts({
      id: 'cb_2',
      replica: 'r2',
      counts: [countOf({ ...curl, unknownToken: hash, lastAt: START + 5 })],
    });
    const shown = { deployment: 'late-arrival', agent: 'curl', address: '10.0.0.7', firstSeenAt: START };
    const found = await consumers.unknownCallers({ days: 7 });
    const was = { consumer: 'booking-app', prefix: token.slice(0, 10), endedAt: START };
    expect(found).toEqual([
      { ...shown, token: hash, was, requests: 6, lastSeenAt: START + 5 },
      { ...shown, token: '0a0b0c0d', was: null, requests: 3, lastSeenAt: START },
      {
        token: null,
        was: null,
        deployment: null,
        agent: null,
        address: null,
        requests: 1,
        firstSeenAt: START,
        lastSeenAt: START,
      },
    ]);
    expect(await consumers.unknownCallers({ days: 7, deployment: 'late-arrival' })).toEqual(found.slice(0, 2));
    // They got no answer, so nobody depends on one.
    expect(await consumers.callers({ days: 7 })).toEqual([]);
    advance(KEPT_MS + HOUR_MS);
    await consumers.expire(START + KEPT_MS);
    expect(await consumers.unknownCallers({ days: 35 })).toEqual([]);
  });
});
