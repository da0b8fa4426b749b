import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { gridPoint } from './space.ts';
import { openBench, type Bench } from './testing.ts';

const cause = { actor: 'test' };

/** Ends every run that goes on with a value, until the sweep has nothing open. */
async function play(bench: Bench, id: string, valueOf: (place: number) => number | 'failed'): Promise<void> {
  for (;;) {
    await bench.advance(id);
    const open = bench.runs.filter(({ status }) => status === 'running');
    if (open.length === 0) return;
    for (const run of open) {
      const value = valueOf(bench.runs.indexOf(run));
      if (value !== 'failed') await bench.log(run, value);
      run.status = value === 'failed' ? 'failed' : 'succeeded';
    }
  }
}

describeDatabases('a sweep', (open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(await open());
  });

  it('runs its trials, so many at once, and knows the best', async () => {
    const id = await bench.begin();
    await bench.advance(id);
    expect(bench.runs).toHaveLength(2);
    expect(await bench.sweeps.get(id)).toMatchObject({ state: 'running', trials: { running: 2 } });
    await play(bench, id, (place) => [5, 3, 4, 9, 3][place] ?? 0);
    const sweep = await bench.sweeps.get(id);
    expect(sweep).toMatchObject({ state: 'succeeded', reason: null, best: { number: 2, value: 3 } });
    expect(sweep.items.map(({ value }) => value)).toEqual([5, 3, 4, 9, 3]);
    expect(sweep.items.map(({ params }) => ({ 'params.yaml': params }))).toEqual(
      bench.runs.map(({ params }) => params),
    );
    const { items } = await bench.sweeps.list({ limit: 5 });
    expect(items).toMatchObject([{ id, best: { number: 2 }, trials: { succeeded: 5, running: 0 } }]);
    const types = (await bench.events.list({ limit: 100 }))
      .map(({ type }) => type)
      .filter((type) => type.startsWith('sweep.'));
    expect(types.filter((type) => type === 'sweep.trial-started')).toHaveLength(5);
    expect(types.filter((type) => type === 'sweep.trial-ended')).toHaveLength(5);
    expect([
      types.filter((type) => type === 'sweep.started').length,
      types.filter((type) => type === 'sweep.ended').length,
    ]).toEqual([1, 1]);
  });

  it('tries each point of a grid once', async () => {
    const params = { depth: [2, 4, 8], rate: [0.1, 0.2] };
    const id = await bench.begin({ method: 'grid', params, maxTrials: undefined });
    await play(bench, id, (place) => place);
    const points = (await bench.sweeps.get(id)).items.map((trial) => trial.params);
    expect(points).toEqual(Array.from({ length: 6 }, (_, place) => gridPoint(params, place)));
  });

  it('counts failures, and ends when too many fail', async () => {
    const few = await bench.begin();
    await play(bench, few, (place) => (place === 1 ? 'failed' : place));
    expect(await bench.sweeps.get(few)).toMatchObject({ state: 'succeeded', reason: '1 of 5 trials have failed' });
    const many = await bench.begin({ maxTrials: 50 });
    await play(bench, many, () => 'failed');
    const ended = await bench.sweeps.get(many);
    expect(ended).toMatchObject({ state: 'failed', reason: '4 of 4 trials have failed', trials: { failed: 4 } });
    expect(ended.items[0]?.reason).toBe('it broke');
  });

  it('says what is logged where the metric is not', async () => {
    const id = await bench.begin({ metric: { name: 'los', goal: 'minimise' }, maxTrials: 1 });
    await play(bench, id, () => 1);
    expect((await bench.sweeps.get(id)).items[0]).toMatchObject({
      state: 'failed',
      reason: "no stage has logged the metric 'los'; logged: loss",
    });
  });

  it('ends its trials when it is cancelled, also one that is just being started', async () => {
    const id = await bench.begin();
    await bench.advance(id);
    bench.runs[0]!.status = 'succeeded';
    await bench.log(bench.runs[0]!, 1);
    bench.onStart = (when) => {
      if (when === 'started') throw new Error('killed');
    };
    await expect(bench.advance(id)).rejects.toThrow('killed');
    bench.onStart = () => {};
    expect((await bench.sweeps.cancel(id, cause)).state).toBe('cancelled');
    await bench.advance(id);
    await bench.advance(id);
    expect(bench.runs.map(({ status }) => status)).toEqual(['succeeded', 'cancelled', 'cancelled']);
    expect(await bench.sweeps.get(id)).toMatchObject({
      state: 'cancelled',
      trials: { succeeded: 1, cancelled: 2, waiting: 0, running: 0 },
      best: { number: 1 },
    });
    expect((await bench.sweeps.cancel(id, cause)).state).toBe('cancelled');
  });

  it('ends early what is worse than the median of the others, and keeps how far it came', async () => {
    const earlyStopping = { warmUpSteps: 1, minTrials: 2 };
    const id = await bench.begin({ parallel: 3, maxTrials: 3, earlyStopping });
    await bench.advance(id);
    const [first, second, third] = bench.runs;
    await bench.log(first!, 5, 2);
    await bench.log(second!, 5, 2);
    await bench.log(third!, 9);
    await bench.advance(id, 0);
    expect(bench.runs.map(({ status }) => status)).toEqual(['running', 'running', 'running']);
    await bench.log(third!, 9, 8);
    await bench.advance(id, 1);
    await bench.advance(id, 2);
    expect(bench.runs.map(({ status }) => status)).toEqual(['running', 'running', 'cancelled']);
    expect((await bench.sweeps.get(id)).items[2]).toMatchObject({
      state: 'stopped',
      value: 8,
      step: 1,
      reason: '8 at step 1 is worse than the median of the others, 2',
    });
  });

  it('is one sweep for one request key', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => bench.begin({ requestKey: 'once' })));
    expect(new Set(ids).size).toBe(1);
  });

  it('asks no trial twice and forgets none, wherever it is killed', async () => {
    let request = 0;
    const kill = fc.constantFrom('asked', 'started', undefined);
    await fc.assert(
      fc.asyncProperty(fc.array(kill, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), async (kills, parallel) => {
        bench.runs.length = 0;
        const left = [...kills];
        const id = await bench.begin({ parallel, requestKey: `r${request++}` });
        bench.onStart = (when) => {
          if (left[0] === when) {
            left.shift();
            throw new Error('killed');
          }
          if (left[0] === undefined && when === 'started') left.shift();
        };
        for (let wakings = 0; (await bench.sweeps.get(id)).state !== 'succeeded'; wakings++) {
          expect(wakings).toBeLessThan(60);
          // Two workers at once, as a restarted server beside one that is being ended.
          await Promise.allSettled([bench.advance(id), bench.advance(id)]);
          for (const run of bench.runs.filter(({ status }) => status === 'running')) {
            await bench.log(run, 1);
            run.status = 'succeeded';
          }
        }
        const { items } = await bench.sweeps.get(id);
        expect(items.map(({ number, state }) => [number, state])).toEqual(
          [1, 2, 3, 4, 5].map((number) => [number, 'succeeded']),
        );
        expect(bench.runs.map(({ key }) => key).toSorted()).toEqual(
          [1, 2, 3, 4, 5].map((number) => `sweep:${id}:${number}`),
        );
      }),
      { numRuns: 15 },
    );
  });

  describe('is refused at once', () => {
    const depth = [1, 2, 3];
    it.each([
      ['a parameter that is not there', { params: { dept: depth } }, 'body.params.dept', 'Did you mean depth?'],
      [
        'the same parameter twice',
        { params: { depth, 'params.yaml:depth': depth } },
        'body.params.params.yaml:depth',
        undefined,
      ],
      [
        'a grid that is larger than allowed',
        { method: 'grid', params: { depth }, maxTrials: 2 },
        'body.maxTrials',
        'Allow 3',
      ],
      [
        'a grid without end',
        { method: 'grid', params: { rate: { type: 'float', min: 0, max: 1, log: false } } },
        'body.params.rate',
        'step',
      ],
      ['no metric', { metric: undefined }, 'body.metric', 'Name one'],
    ] as const)('%s', async (_what, request, field, hint) => {
      await expect(bench.begin(request as never)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field,
        ...(hint !== undefined && { hint: expect.stringContaining(hint) as string }),
      });
      expect((await bench.sweeps.list({ limit: 1 })).items).toEqual([]);
    });
  });

  it('is listed newest first, page by page', async () => {
    for (let count = 0; count < 3; count++) await bench.begin();
    const first = await bench.sweeps.list({ project: 'shop', limit: 2 });
    const rest = await bench.sweeps.list({ project: 'shop', limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...rest.items].map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(rest.nextCursor).toBeUndefined();
  });
});
