import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import type { Database } from '#database';
import { describeDatabases } from '#database/testing';
import { DomainError } from '#kernel/errors';
import { randomIds } from '#ports/ids';
import { createJobs, createRunner, RetryLater, type JobHandlers, type Runner } from './index.ts';
import * as store from './store.ts';

const log = pino({ level: 'silent' });
const START = 1_000_000;

function setup(
  database: Database,
  sweep: JobHandlers['jobs.sweep'],
  deliver: JobHandlers['webhooks.deliver'] = async () => {},
) {
  let now = START;
  const clock = { now: () => now };
  const jobs = createJobs({ database, clock, ids: randomIds });
  const runners: Runner[] = [];
  return {
    jobs,
    advance: (ms: number) => (now += ms),
    enqueue: (endedBefore: number, options = {}) =>
      database.write((writer) => jobs.enqueue(writer, 'jobs.sweep', { endedBefore }, options)),
    call: (delivery: string) => database.write((writer) => jobs.enqueue(writer, 'webhooks.deliver', { delivery })),
    async startRunner() {
      const handlers = { 'jobs.sweep': sweep, 'webhooks.deliver': deliver } as JobHandlers;
      const runner = createRunner({ database, clock, log, handlers, concurrency: 4 });
      runners.push(runner);
      await runner.start();
      return runner;
    },
    stop: () => Promise.all(runners.map((runner) => runner.stop(0))),
    job: (id: string) => database.read.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
  };
}

describeDatabases('jobs', (open) => {
  test('who waits for the work hears of its end, follow-ups included, and not of what is for later', async () => {
    let letEnd: () => void = () => {};
    const ended = new Promise<void>((resolve) => (letEnd = resolve));
    const at = setup(await open(), async ({ endedBefore }) => {
      if (endedBefore === 1) await at.enqueue(2);
      if (endedBefore === 2) await ended;
    });
    const never = new AbortController().signal;
    const ENOUGH_MS = 60_000;
    expect(await at.jobs.idle(ENOUGH_MS, never)).toMatchObject({ due: 0, running: 0 });
    await at.enqueue(1);
    await at.enqueue(3, { runAt: START + 1_000 });
    expect(await at.jobs.idle(0, never)).toMatchObject({ due: 1, scheduled: 1 });
    await at.startRunner();
    const hasEnded = vi.fn();
    const waiting = at.jobs.idle(ENOUGH_MS, never);
    void waiting.then(hasEnded);
    await vi.waitFor(async () => expect((await at.jobs.summary()).running).toBe(1), { timeout: 5_000 });
    const hungUp = new AbortController();
    const impatient = at.jobs.idle(ENOUGH_MS, hungUp.signal);
    hungUp.abort();
    expect(await impatient).toMatchObject({ running: 1 });
    expect(hasEnded).not.toHaveBeenCalled();
    letEnd();
    expect(await waiting).toMatchObject({ due: 0, running: 0, scheduled: 1 });
    await at.stop();
  });

  test('a job runs once, with its payload, and is done', async () => {
    const seen: number[] = [];
    const at = setup(await open(), async ({ endedBefore }) => void seen.push(endedBefore));
    const id = await at.enqueue(7);
    await Promise.all([at.startRunner(), at.startRunner(), at.startRunner()]);
    await vi.waitFor(async () => expect((await at.job(id ?? '')).state).toBe('done'), { timeout: 5_000 });
    await at.stop();
    expect(seen).toEqual([7]);
  });

  test('fifty jobs and three runners: each runs exactly once', async () => {
    const seen: number[] = [];
    const at = setup(await open(), async ({ endedBefore }) => void seen.push(endedBefore));
    await Promise.all(Array.from({ length: 50 }, (_, index) => at.enqueue(index)));
    await Promise.all([at.startRunner(), at.startRunner(), at.startRunner()]);
    await vi.waitFor(() => expect(seen).toHaveLength(50), { timeout: 10_000 });
    await at.stop();
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  test('a job for later waits for business time', async () => {
    const handler = vi.fn(async () => {});
    const at = setup(await open(), handler);
    await at.enqueue(1, { runAt: START + 60_000 });
    const runner = await at.startRunner();
    await sleep(50);
    expect(handler).not.toHaveBeenCalled();
    expect(await at.jobs.summary()).toMatchObject({ due: 0, scheduled: 1 });
    at.advance(60_000);
    runner.wake();
    await vi.waitFor(() => expect(handler).toHaveBeenCalledOnce(), { timeout: 5_000 });
    await at.stop();
  });

  test('an open job holds its unique key; once it has ended the key is free', async () => {
    const at = setup(await open(), async () => {});
    const first = await at.enqueue(1, { uniqueKey: 'one' });
    expect(await at.enqueue(2, { uniqueKey: 'one' })).toBeNull();
    await at.startRunner();
    await vi.waitFor(async () => expect((await at.job(first ?? '')).state).toBe('done'), { timeout: 5_000 });
    await at.stop();
    expect(await at.enqueue(3, { uniqueKey: 'one' })).not.toBeNull();
  });

  test('what may pass by itself is tried again, then given up with its reason', async () => {
    const handler = vi.fn(async () => Promise.reject(new DomainError('UNAVAILABLE', 'not now')));
    const at = setup(await open(), handler);
    const id = await at.enqueue(1);
    await at.startRunner();
    await vi.waitFor(async () => expect((await at.job(id ?? '')).state).toBe('discarded'), { timeout: 15_000 });
    await at.stop();
    expect(handler).toHaveBeenCalledTimes(3);
    expect((await at.job(id ?? '')).last_error).toBe('not now');
  });

  test('a mistake in the request is not tried again', async () => {
    const handler = vi.fn(async () => Promise.reject(new DomainError('INVALID_ARGUMENT', 'wrong')));
    const at = setup(await open(), handler);
    const id = await at.enqueue(1);
    await at.startRunner();
    await vi.waitFor(async () => expect((await at.job(id ?? '')).state).toBe('discarded'), { timeout: 5_000 });
    await at.stop();
    expect(handler).toHaveBeenCalledOnce();
  });

  test('a handler may say when its next try makes sense', async () => {
    const handler = vi.fn(async () => Promise.reject(new RetryLater('asked to wait', 3_600_000)));
    const at = setup(await open(), handler);
    const id = await at.enqueue(1);
    const before = Date.now();
    await at.startRunner();
    await vi.waitFor(async () => expect((await at.job(id ?? '')).last_error).toBe('asked to wait'), { timeout: 5_000 });
    await at.stop();
    expect((await at.job(id ?? '')).not_before).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(handler).toHaveBeenCalledOnce();
  });

  test('calls to machines outside that hang hold up no other work, and no more than their places', async () => {
    let letGo: () => void = () => {};
    const hanging = new Promise<void>((resolve) => (letGo = resolve));
    const deliver = vi.fn(() => hanging);
    const at = setup(await open(), async () => {}, deliver);
    for (let index = 0; index < 20; index++) await at.call(`dl_${index}`);
    await at.startRunner();
    await vi.waitFor(() => expect(deliver).toHaveBeenCalledTimes(8), { timeout: 5_000 });
    const id = await at.enqueue(1);
    await vi.waitFor(async () => expect((await at.job(id ?? '')).state).toBe('done'), { timeout: 5_000 });
    expect(deliver).toHaveBeenCalledTimes(8);
    letGo();
    await vi.waitFor(() => expect(deliver).toHaveBeenCalledTimes(20), { timeout: 5_000 });
    await at.stop();
  });

  test('a call outside that waits for its next try keeps nobody waiting who waits for the work', async () => {
    const deliver = vi.fn(async () => Promise.reject(new RetryLater('asked to wait', 3_600_000)));
    const at = setup(await open(), async () => {}, deliver);
    await at.call('dl_1');
    expect(await at.jobs.summary()).toMatchObject({ due: 1, scheduled: 0 });
    await at.startRunner();
    await vi.waitFor(() => expect(deliver).toHaveBeenCalledOnce(), { timeout: 5_000 });
    const never = new AbortController().signal;
    expect(await at.jobs.idle(10_000, never)).toMatchObject({ due: 0, running: 0, scheduled: 1 });
    await at.stop();
  });

  test('an owner whose lease ran out cannot finish the job another has taken over', async () => {
    const database = await open();
    const at = setup(database, async () => {});
    const id = await at.enqueue(1);
    const lane = { kinds: ['webhooks.deliver'], isOfOthers: true };
    const claim = { now: START, limit: 1, lane, leaseMs: () => 1_000 };
    const [late] = await store.claim(database, { ...claim, owner: 'late', realNow: 10_000 });
    const [heir] = await store.claim(database, { ...claim, owner: 'heir', realNow: 20_000 });
    expect([late?.id, heir?.id]).toEqual([id, id]);
    expect(heir?.fence).toBe((late?.fence ?? 0) + 1);
    expect(await store.renew(database, late?.id ?? '', late?.fence ?? 0, 99_000)).toBe(false);
    expect(await store.settle(database, late as store.JobRow, { state: 'done' })).toBe(false);
    expect(await store.settle(database, heir as store.JobRow, { state: 'done' })).toBe(true);
  });

  test('a waiting job can be cancelled, an ended one cannot', async () => {
    const at = setup(await open(), async () => {});
    const id = (await at.enqueue(1)) ?? '';
    expect(await at.jobs.cancel(id)).toBe(true);
    expect(await at.jobs.cancel(id)).toBe(false);
    expect(await at.jobs.summary()).toMatchObject({ due: 0 });
  });

  test('an idle runner commits nothing', async () => {
    const database = await open();
    const at = setup(database, async () => {});
    await at.enqueue(1);
    const runner = await at.startRunner();
    await vi.waitFor(async () => expect(await at.jobs.summary()).toMatchObject({ due: 0, running: 0 }), {
      timeout: 5_000,
    });
    await sleep(200);
    let commits = 0;
    database.onCommit(() => commits++);
    for (let look = 0; look < 10; look++) {
      runner.wake();
      await sleep(20);
    }
    await at.stop();
    expect(commits).toBe(0);
  });

  test('a payload that does not fit its schema is refused', async () => {
    const database = await open();
    const at = setup(database, async () => {});
    await expect(
      database.write((writer) => at.jobs.enqueue(writer, 'jobs.sweep', { endedBefore: 'x' } as never)),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
