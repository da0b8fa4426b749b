import { expect, test } from 'vitest';
import { sql } from 'kysely';
import type { Database } from '#database';
import { describeDatabases } from '#database/testing';
import { createJobs } from '#jobs';
import { randomIds } from '#ports/ids';
import { createEvents } from './index.ts';

function setup(database: Database) {
  const clock = { now: () => 1_000 };
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const advance = (to: number, cause = { actor: 'test' }) =>
    database.write((writer) =>
      events.append(writer, cause, { type: 'clock.advanced', subject: 'installation:clock', payload: { from: 0, to } }),
    );
  return { events, advance };
}

describeDatabases('the chain of facts', (open) => {
  test('facts are numbered without gaps and the chain holds, also under concurrent writers', async () => {
    const { events, advance } = setup(await open());
    await Promise.all(Array.from({ length: 40 }, (_, index) => advance(index)));
    const list = await events.list({ limit: 100 });
    expect(list.map((record) => record.seq)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(await events.verify()).toMatchObject({ ok: true, checked: 40 });
  });

  test('a fact of a change that is rolled back leaves neither row nor gap', async () => {
    const database = await open();
    const { events, advance } = setup(database);
    await advance(1);
    const failing = database.write(async (writer) => {
      const fact = { type: 'clock.advanced', subject: 'installation:clock', payload: { from: 0, to: 2 } } as const;
      await events.append(writer, { actor: 'test' }, fact);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await advance(3);
    expect((await events.list({ limit: 10 })).map((record) => record.payload['to'])).toEqual([1, 3]);
    expect(await events.verify()).toMatchObject({ ok: true, checked: 2 });
  });

  test('facts of writes that share a commit are one chain, also where one is refused', async () => {
    const database = await open();
    const { events } = setup(database);
    const fact = (to: number) =>
      ({ type: 'clock.advanced', subject: 'installation:clock', payload: { from: 0, to } }) as const;
    const append = (...numbers: number[]) =>
      database.write(async (writer) => {
        events.prepare(writer);
        await Promise.all(numbers.map((to) => events.append(writer, { actor: 'test' }, fact(to))));
        if (numbers.includes(2)) throw new Error('changed my mind');
      });
    await Promise.allSettled([append(1), append(2), append(3), append(4, 5, 6), append(7)]);
    expect((await events.list({ limit: 10 })).map((record) => record.payload['to'])).toEqual([1, 3, 4, 5, 6, 7]);
    expect(await events.verify()).toMatchObject({ ok: true, checked: 6 });
  });

  test('cause and turn are kept', async () => {
    const { events, advance } = setup(await open());
    const first = await advance(1);
    const second = await advance(2, { actor: 'job:x', causationSeq: first.seq, cycle: 'cy_1' } as { actor: string });
    expect(await events.get(second.seq)).toMatchObject({ actor: 'job:x', causationSeq: 1, cycle: 'cy_1' });
  });

  test.each([
    ['edited', sql`update events set payload = '{"from":0,"to":9}' where seq = 2`, 2, 'content was changed'],
    ['removed', sql`delete from events where seq = 2`, 3, 'fact 2 is missing'],
    ['with another actor', sql`update events set actor = 'nobody' where seq = 1`, 1, 'content was changed'],
    ['rehashed alone', sql`update events set hash = prev_hash where seq = 2`, 2, 'content was changed'],
  ])('a row %s is named', async (_, damage, seq, reason) => {
    const database = await open();
    const { events, advance } = setup(database);
    for (let to = 1; to <= 3; to++) await advance(to);
    await database.write((writer) => damage.execute(writer));
    const report = await events.verify();
    expect(report.ok).toBe(false);
    expect(report.broken).toEqual({ seq, reason: expect.stringContaining(reason) });
  });

  test('a payload that does not fit its schema is refused and nothing is written', async () => {
    const database = await open();
    const { events } = setup(database);
    const wrong = { type: 'clock.advanced', subject: 's', payload: { from: 'x' } } as never;
    await expect(database.write((writer) => events.append(writer, { actor: 't' }, wrong))).rejects.toThrow();
    expect(await events.lastSeq()).toBe(0);
  });
});
