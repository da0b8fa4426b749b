import { describe, expect, it } from 'vitest';
import { DomainError } from '#kernel/errors';
import { eachAtOnce, withRetries } from './at-once.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('work on many at once', () => {
  it('does each once, and no more at a time than is said', async () => {
    let now = 0;
    let most = 0;
    const done: number[] = [];
    await eachAtOnce([...Array.from({ length: 50 }).keys()], { jobs: 7 }, async (item) => {
      most = Math.max(most, ++now);
      await settle();
      now--;
      done.push(item);
    });
    expect(most).toBe(7);
    expect(done.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 50 }).keys()]);
  });

  it('ends with the first failure, when all that had begun has ended', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = eachAtOnce([...Array.from({ length: 50 }).keys()], { jobs: 4 }, async (item, signal) => {
      begun.push(item);
      await settle();
      if (item === 2) throw new Error('no');
      await settle();
      ended.push(item);
      signal.throwIfAborted();
    });
    await expect(work).rejects.toThrow('no');
    expect(begun.length).toBeLessThan(10);
    expect(ended).toEqual(begun.filter((item) => item !== 2));
  });

  it('ends when the caller says so', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const work = eachAtOnce([1, 2, 3, 4], { jobs: 1, signal: stop.signal }, async () => {
      stop.abort(reason);
    });
    await expect(work).rejects.toBe(reason);
  });
});

describe('another try', () => {
  const { signal } = new AbortController();

  it('is made for what may answer later, and only a few', async () => {
    let tries = 0;
    const result = await withRetries(signal, async () => {
      if (++tries < 3) throw new DomainError('UNAVAILABLE', 'busy');
      return 'done';
    });
    expect([result, tries]).toEqual(['done', 3]);
    tries = 0;
    const refused = withRetries(signal, async () => {
      tries++;
      throw new DomainError('PERMISSION_DENIED', 'no');
    });
    await expect(refused).rejects.toThrow('no');
    expect(tries).toBe(1);
  });

  it('waits no longer than the caller', async () => {
    const stop = new AbortController();
    const work = withRetries(stop.signal, async () => {
      setImmediate(() => stop.abort(new Error('enough')));
      throw new DomainError('UNAVAILABLE', 'busy');
    });
    await expect(work).rejects.toThrow();
  });
});
