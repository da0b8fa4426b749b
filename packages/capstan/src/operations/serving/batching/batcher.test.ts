import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBatcher, NotSplittable, type BatchedWork } from './batcher.ts';
import { BATCHING_DEFAULTS, type BatchingOptions } from './model.ts';
import type { Refused } from './refused.ts';

interface Asked {
  readonly id: number;
  readonly key: string;
  readonly rows: number;
  readonly isPoison?: boolean;
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** Answers each item with its id; takes as many turns of the event loop as `turnsOf` says. */
function setUp(options: Partial<BatchingOptions> = {}, turnsOf: () => number = () => 1) {
  const executions: (readonly Asked[])[] = [];
  const work: BatchedWork<Asked, string> = {
    keyOf: ({ key }) => key,
    rowsOf: ({ rows }) => rows,
    bytesOf: ({ rows }) => rows * 8,
    async run(items, { onComputed }) {
      executions.push(items);
      await turns(turnsOf());
      if (options.inlineRows) onComputed(0.1);
      if (items.some(({ isPoison }) => isPoison)) throw new Error(`poison among ${items.length}`);
      return items.map(({ id }) => `answer ${id}`);
    },
  };
  return { batcher: createBatcher(work, { ...BATCHING_DEFAULTS, ...options }), executions };
}

/** An execution that ends when it is told to. */
function setUpHeld(options: Partial<BatchingOptions> = {}) {
  const held: { readonly items: readonly Asked[]; readonly finish: () => void }[] = [];
  const work: BatchedWork<Asked, string> = {
    keyOf: ({ key }) => key,
    rowsOf: ({ rows }) => rows,
    bytesOf: ({ rows }) => rows * 8,
    run: (items) =>
      new Promise((resolve) => {
        held.push({ items, finish: () => resolve(items.map(({ id }) => `answer ${id}`)) });
      }),
  };
  return { batcher: createBatcher(work, { ...BATCHING_DEFAULTS, ...options }), held };
}

const ask = (id: number, rows = 1, key = ''): Asked => ({ id, key, rows });

describe('under load', () => {
  const anItem = fc.record({ key: fc.constantFrom('a', 'b', 'c'), rows: fc.integer({ min: 1, max: 9 }) });

  test('each gets its own answer, keys are never mixed, no execution is too large, and order is kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anItem, { minLength: 1, maxLength: 60 }),
        fc.record({ maxRows: fc.integer({ min: 1, max: 20 }), instances: fc.integer({ min: 1, max: 3 }) }),
        fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
        async (items, options, durations) => {
          const { batcher, executions } = setUp(options, () => durations.next().value ?? 0);
          const answers = await Promise.all(
            items.map(async (item, id) => {
              await turns(id % 4);
              return await batcher.submit({ ...item, id });
            }),
          );
          expect(answers).toEqual(items.map((_, id) => `answer ${id}`));
          expect(executions.flat()).toHaveLength(items.length);
          for (const execution of executions) {
            expect(new Set(execution.map(({ key }) => key)).size).toBe(1);
            const rows = execution.reduce((sum, item) => sum + item.rows, 0);
            expect(execution.length === 1 || rows <= options.maxRows).toBe(true);
          }
          for (const key of ['a', 'b', 'c']) {
            // Ids of one turn are in order, and later turns come later.
            const begun = executions.flat().filter((item) => item.key === key);
            const arrived = begun.toSorted((x, y) => (x.id % 4) - (y.id % 4) || x.id - y.id);
            expect(begun).toEqual(arrived);
          }
          expect(batcher.waitingRows()).toBe(0);
          await batcher.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('what waits while an execution runs goes together', async () => {
    const { batcher, held } = setUpHeld({ maxRows: 5 });
    const answers = Promise.all([1, 2, 3, 4, 5, 6, 7].map((id) => batcher.submit(ask(id))));
    for (let at = 0; at < 3; at++) {
      held[at]?.finish();
      await turns(1);
    }
    expect(held.map(({ items }) => items.map(({ id }) => id))).toEqual([[1], [2, 3, 4, 5, 6], [7]]);
    expect(await answers).toHaveLength(7);
  });

  test('no key starves while another is asked for all the time', async () => {
    const { batcher, held } = setUpHeld({ maxRows: 1 });
    const all = [1, 2, 3].map((id) => batcher.submit(ask(id, 1, 'often')));
    all.push(batcher.submit(ask(4, 1, 'rare')));
    for (let at = 0; at < 4; at++) {
      held[at]?.finish();
      await turns(1);
    }
    await Promise.all(all);
    expect(held.map(({ items }) => items[0]?.id)).toEqual([1, 2, 4, 3]);
  });
});

describe('with a delay', () => {
  test('waits for a preferred size, and then takes the largest that is there', async () => {
    const { batcher, held } = setUpHeld({ maxDelayMs: 60_000, preferredRows: [2, 4] });
    const first = batcher.submit(ask(1));
    await turns(5);
    expect(held).toHaveLength(0);
    const others = [batcher.submit(ask(2)), batcher.submit(ask(3))];
    expect(held.map(({ items }) => items.length)).toEqual([2]);
    held[0]?.finish();
    await turns(2);
    expect(held).toHaveLength(1);
    void others[1]?.catch(() => {});
    await Promise.all([first, others[0]]);
  });

  test('goes when the oldest has waited that long', async () => {
    const { batcher } = setUp({ maxDelayMs: 5, preferredRows: [100] });
    expect(await Promise.all([batcher.submit(ask(1)), batcher.submit(ask(2))])).toEqual(['answer 1', 'answer 2']);
  });
});

describe('failures', () => {
  test('harm only those that fail alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 2, maxLength: 20 }), async (poisons) => {
        const { batcher } = setUp();
        const settled = await Promise.allSettled(
          poisons.map((isPoison, id) => batcher.submit({ ...ask(id), isPoison })),
        );
        for (const [id, outcome] of settled.entries()) {
          if (poisons[id] === true) expect(outcome).toMatchObject({ reason: { message: 'poison among 1' } });
          else expect(outcome).toEqual({ status: 'fulfilled', value: `answer ${id}` });
        }
      }),
      { numRuns: 40 },
    );
  });

  test('of telling outputs apart end batching for good', async () => {
    const sizes: number[] = [];
    const work: BatchedWork<Asked, string> = {
      keyOf: () => '',
      rowsOf: ({ rows }) => rows,
      bytesOf: () => 0,
      async run(items) {
        sizes.push(items.length);
        await turns(1);
        if (items.length > 1) throw new NotSplittable('one row for all');
        return items.map(({ id }) => `answer ${id}`);
      },
    };
    const batcher = createBatcher(work, BATCHING_DEFAULTS);
    const round = async () => await Promise.all([1, 2, 3].map((id) => batcher.submit(ask(id))));
    for (let time = 0; time < 2; time++) expect(await round()).toEqual(['answer 1', 'answer 2', 'answer 3']);
    expect(batcher.isBatchable()).toBe(false);
    expect(sizes).toEqual([1, 2, 1, 1, 1, 1, 1]);
  });

  test('by hanging are told to those that wait, and do not hold up the end', async () => {
    const { batcher } = setUpHeld({ executionTimeoutMs: 1 });
    await expect(batcher.submit(ask(1))).rejects.toThrow('no answer within 0.001 s');
    await batcher.close();
  });
});

describe('admission', () => {
  test('refuses what does not fit the queue, by rows and by bytes', async () => {
    for (const limit of [{ maxQueueRows: 10 }, { maxQueueBytes: 80 }]) {
      const { batcher, held } = setUpHeld(limit);
      const taken = [batcher.submit(ask(1)), batcher.submit(ask(2, 10))];
      await expect(batcher.submit(ask(3))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      expect(() => batcher.admit(8)).toThrow('wait for this model already');
      held[0]?.finish();
      await turns(1);
      taken.push(batcher.submit(ask(4)));
      for (const at of [1, 2]) {
        held[at]?.finish();
        await turns(1);
      }
      expect(await Promise.all(taken)).toEqual(['answer 1', 'answer 2', 'answer 4']);
    }
  });

  test('refuses at once what would come too late', async () => {
    const work: BatchedWork<Asked, string> = {
      keyOf: () => '',
      rowsOf: ({ rows }) => rows,
      bytesOf: () => 0,
      async run(items) {
        for (const end = performance.now() + 20; performance.now() < end;);
        await turns(1);
        return items.map(() => 'done');
      },
    };
    const batcher = createBatcher(work, BATCHING_DEFAULTS);
    await batcher.submit(ask(1));
    await expect(batcher.submit(ask(2), { deadline: performance.now() + 1 })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('after the deadline'),
    });
    expect(await batcher.submit(ask(3), { deadline: performance.now() + 60_000 })).toBe('done');
  });

  test('a stall is no reason to refuse what comes after it', async () => {
    let ms = 1;
    const work: BatchedWork<Asked, string> = {
      keyOf: () => '',
      rowsOf: ({ rows }) => rows,
      bytesOf: () => 0,
      async run(items) {
        for (const end = performance.now() + ms; performance.now() < end;);
        await turns(1);
        return items.map(() => 'done');
      },
    };
    const batcher = createBatcher(work, BATCHING_DEFAULTS);
    for (let id = 0; id < 10; id++) await batcher.submit(ask(id));
    ms = 1_000;
    await batcher.submit(ask(10));
    ms = 1;
    expect(await batcher.submit(ask(11), { deadline: performance.now() + 100 })).toBe('done');
  });

  test('forgets what executions took when none has been let run by it for a while', async () => {
    let ms = 20;
    const work: BatchedWork<Asked, string> = {
      keyOf: () => '',
      rowsOf: ({ rows }) => rows,
      bytesOf: () => 0,
      async run(items) {
        for (const end = performance.now() + ms; performance.now() < end;);
        await turns(1);
        return items.map(() => 'done');
      },
    };
    const batcher = createBatcher(work, BATCHING_DEFAULTS);
    await batcher.submit(ask(1));
    ms = 0;
    const tried = () =>
      batcher.submit(ask(2), { deadline: performance.now() + 10 }).catch((error: Refused) => error.code);
    expect(await tried()).toBe('RESOURCE_EXHAUSTED');
    await expect.poll(tried).toBe('done');
  });

  test('drops what has expired before it runs', async () => {
    const { batcher, held } = setUpHeld();
    const first = batcher.submit(ask(1));
    const late = batcher.submit(ask(2), { deadline: performance.now() + 1 });
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(batcher.waitingRows()).toBe(0);
    held[0]?.finish();
    await first;
    expect(held).toHaveLength(1);
  });

  test('forgets those whose callers have gone, and listens to no signal longer than needed', async () => {
    const { batcher, held } = setUpHeld();
    const caller = new AbortController();
    const first = batcher.submit(ask(1), { signal: caller.signal });
    const second = batcher.submit(ask(2), { signal: caller.signal });
    const third = batcher.submit(ask(3));
    expect(batcher.waitingRows()).toBe(2);
    // Of the one that waits; the first has begun, and nothing can be done about it.
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);
    caller.abort();
    await expect(second).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(batcher.waitingRows()).toBe(1);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    held[0]?.finish();
    await first;
    await turns(1);
    held[1]?.finish();
    expect(await third).toBe('answer 3');
    expect(held.map(({ items }) => items.map(({ id }) => id))).toEqual([[1], [3]]);
  });

  test('once closed answers what waits, and nothing after', async () => {
    const { batcher } = setUp();
    const answers = [batcher.submit(ask(1)), batcher.submit(ask(2))];
    const closed = batcher.close();
    await expect(batcher.submit(ask(3))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await Promise.all(answers)).toEqual(['answer 1', 'answer 2']);
    await closed;
  });
});

describe('executions in the thread that asks', () => {
  test('follow each other in one turn of the event loop, however many wait', async () => {
    const { batcher, executions } = setUp({ inlineRows: 1_000, maxRows: 2 });
    const first = batcher.submit(ask(0));
    const others = Array.from({ length: 40 }, (_, index) => batcher.submit(ask(index + 1)));
    let isOver = false;
    const over = Promise.all([first, ...others]).then((answers) => {
      isOver = true;
      return answers;
    });
    let count = 0;
    for (; !isOver; count++) await turns(1);
    expect(await over).toEqual(Array.from({ length: 41 }, (_, index) => `answer ${index}`));
    expect(executions).toHaveLength(21);
    expect(count).toBeLessThan(6);
  });

  test('cost what the model takes, not what else is done in the turn', async () => {
    const { batcher } = setUp({ inlineRows: 100 });
    for (let request = 0; request < 5; request++) {
      const answer = batcher.submit(ask(request));
      for (const end = performance.now() + 30; performance.now() < end;);
      await answer;
    }
    // Were those thirty milliseconds the model's, nobody who waits for fifteen would be let in.
    expect(() => batcher.admit(8, performance.now() + 15)).not.toThrow();
  });
});

describe('batches that wait at the model', () => {
  test('are full ones, beside those that go on at once', async () => {
    const { batcher, held } = setUpHeld({ queued: 2, maxRows: 2 });
    const answers = Array.from({ length: 8 }, (_, id) => batcher.submit(ask(id)));
    await turns(3);
    // The first goes alone, two full batches wait behind it, and what is left waits here.
    expect(held.map(({ items }) => items.map(({ id }) => id))).toEqual([[0], [1, 2], [3, 4]]);
    held[0]?.finish();
    await turns(2);
    expect(held[3]?.items.map(({ id }) => id)).toEqual([5, 6]);
    held[1]?.finish();
    held[2]?.finish();
    await turns(2);
    // Not full: it goes once nothing is before it.
    expect(held).toHaveLength(4);
    held[3]?.finish();
    await turns(2);
    held[4]?.finish();
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 8 }, (_, id) => `answer ${id}`));
  });

  test('a request that is not read yet is taken for one as those before', async () => {
    const { batcher, held } = setUpHeld({ maxRows: 100, maxQueueRows: 5_950 });
    const answers = Array.from({ length: 60 }, (_, id) => batcher.submit(ask(id, 100)));
    await turns(2);
    // 5,900 rows wait: there is room for one row, and for no hundred.
    expect(batcher.waitingRows()).toBe(5_900);
    expect(() => batcher.admit(8)).toThrow('wait for this model already');
    for (let done = 0; done < 60; done++) {
      held[done]?.finish();
      await turns(2);
    }
    await Promise.all(answers);
  });
});
