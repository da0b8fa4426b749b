import { describe, expect, it } from 'vitest';
import type { TrialState } from '@capstan/api';
import { bestOf, decide, medianBetter, type Curve } from './model.ts';

const limits = { maxTrials: 6, parallel: 2, maxFailedShare: 0.5, isPastDeadline: false };
const trials = (...states: TrialState[]) => states.map((state, index) => ({ number: index + 1, state, value: index }));

describe('what a sweep does next', () => {
  it.each([
    ['asks for as many as there is room for', [], { kind: 'ask', count: 2 }],
    ['waits while there is none', ['running', 'waiting'], { kind: 'wait' }],
    ['fills a place that has become free', ['succeeded', 'running'], { kind: 'ask', count: 1 }],
    [
      'asks for no more than are left',
      ['succeeded', 'succeeded', 'succeeded', 'stopped', 'succeeded'],
      { kind: 'ask', count: 1 },
    ],
    ['goes on after few failures', ['failed', 'failed', 'failed'], { kind: 'ask', count: 2 }],
    [
      'ends when too many fail',
      ['failed', 'failed', 'failed', 'succeeded', 'running'],
      { kind: 'end', outcome: 'failed', reason: '3 of 4 trials have failed' },
    ],
    [
      'waits for the last ones',
      ['succeeded', 'succeeded', 'succeeded', 'succeeded', 'succeeded', 'running'],
      { kind: 'wait' },
    ],
    [
      'ends with what has failed told',
      ['succeeded', 'failed', 'succeeded', 'succeeded', 'stopped', 'cancelled'],
      { kind: 'end', outcome: 'succeeded', reason: '1 of 5 trials have failed' },
    ],
    [
      'has failed when nothing has a value',
      ['stopped', 'cancelled', 'cancelled', 'cancelled', 'cancelled', 'cancelled'],
      { kind: 'end', outcome: 'failed', reason: 'no trial has come to a value' },
    ],
  ] as const)('%s', (_what, states, next) => {
    expect(decide(limits, trials(...states))).toEqual(next);
  });

  it('ends at its time limit with what there is', () => {
    const late = { ...limits, isPastDeadline: true };
    expect(decide(late, trials('succeeded', 'running'))).toMatchObject({ kind: 'end', outcome: 'succeeded' });
    expect(decide(late, trials('running'))).toMatchObject({ kind: 'end', outcome: 'failed' });
  });
});

it('the best trial has the least or the greatest value of those that succeeded, the earliest of equals', () => {
  const found = [3, 1, 1, 0].map((value, index) => ({
    number: index + 1,
    state: index === 3 ? ('stopped' as const) : ('succeeded' as const),
    value,
  }));
  expect(bestOf('minimise', found)?.number).toBe(2);
  expect(bestOf('maximise', found)?.number).toBe(1);
  expect(bestOf('maximise', trials('failed'))).toBeUndefined();
});

describe('the median rule', () => {
  const rule = { goal: 'minimise', warmUpSteps: 2, minTrials: 3 } as const;
  const at = (...values: number[]): Curve => values.map((value, step) => [step, value] as const);
  const others = [at(9, 5, 1), at(9, 5, 2, 1), at(9, 5, 3, 0)];

  it('gives up what is worse than the median of the others at the same step', () => {
    expect(medianBetter(rule, at(9, 9, 2.5), others)).toEqual({ step: 2, value: 2.5, median: 2 });
    expect(medianBetter(rule, at(9, 9, 2), others)).toBeUndefined();
    expect(medianBetter({ ...rule, goal: 'maximise' }, at(9, 9, 1.5), others)).toMatchObject({ median: 2 });
  });

  it('gives nothing up before the warm-up, nor where few others have come as far', () => {
    expect(medianBetter(rule, at(9, 9), others)).toBeUndefined();
    expect(medianBetter(rule, at(9, 9, 9, 9), others)).toBeUndefined();
    expect(medianBetter(rule, [], others)).toBeUndefined();
  });

  it('takes the last value before the step from those that log seldom', () => {
    const seldom: Curve = [
      [0, 4],
      [10, 0],
    ];
    expect(medianBetter({ ...rule, minTrials: 1 }, at(9, 9, 5), [seldom])).toEqual({ step: 2, value: 5, median: 4 });
  });
});
