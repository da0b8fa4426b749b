import type { Declaration } from '@capstan/api';
import { expect, test } from 'vitest';
import { alertChange, watchesOf } from './model.ts';

const bad = { verdict: 'alarm', reason: 'x drifted', revision: 2 } as const;

test('an alert is raised once, stands, and is resolved by a healthy window', () => {
  expect(alertChange(bad, undefined)).toEqual({ resolve: null, raise: true });
  expect(alertChange(bad, { id: 'al_1', revision: 2 })).toEqual({ resolve: null, raise: false });
  expect(alertChange({ ...bad, verdict: 'healthy', reason: 'steady' }, { id: 'al_1', revision: 2 })).toEqual({
    resolve: 'steady',
    raise: false,
  });
  expect(alertChange({ ...bad, verdict: 'healthy' }, undefined)).toEqual({ resolve: null, raise: false });
});

test('another revision raises an alert of its own', () => {
  expect(alertChange(bad, { id: 'al_1', revision: 1 })).toEqual({ resolve: 'revision 2 took its place', raise: true });
});

test('what could not be judged changes nothing', () => {
  expect(alertChange({ ...bad, verdict: 'unknown' }, { id: 'al_1', revision: 1 })).toEqual({
    resolve: null,
    raise: false,
  });
});

test('watches are named by what they watch, and no two alike', () => {
  const week = 7 * 86_400_000;
  const features = { watch: 'features', against: 'training', window: week, tests: 'auto' } as const;
  const monitors: Declaration['monitors'] = [
    features,
    { watch: 'performance', metric: 'log_loss', worse_than: 'baseline', window: 36 * 3_600_000 },
    features,
  ];
  expect(watchesOf({ monitors } as Declaration).map(({ name }) => name)).toEqual([
    'features-7d',
    'performance-36h',
    'features-7d-2',
  ]);
});
