// Sorting by several columns, and moving one.
import { expect, test } from 'vitest';
import { moved, nextSort, orderOf, sortPlaceOf } from './view.ts';

test('a click sorts by one alone: down, up, then not at all', () => {
  expect(nextSort([], 'metrics.a', false)).toEqual(['metrics.a DESC']);
  expect(nextSort(['metrics.a DESC'], 'metrics.a', false)).toEqual(['metrics.a ASC']);
  expect(nextSort(['metrics.a ASC'], 'metrics.a', false)).toBeUndefined();
  expect(nextSort(['metrics.a ASC', 'params.b DESC'], 'params.b', false)).toEqual(['params.b DESC']);
});

test('with Shift it adds to what is there; one that is there turns in its place', () => {
  const both = ['metrics.a DESC', 'params.b DESC'];
  expect(nextSort(['metrics.a DESC'], 'params.b', true)).toEqual(both);
  expect(nextSort(both, 'metrics.a', true)).toEqual(['metrics.a ASC', 'params.b DESC']);
  expect(nextSort(['metrics.a ASC', 'params.b DESC'], 'metrics.a', true)).toEqual(['params.b DESC']);
  expect(nextSort(['params.b ASC'], 'params.b', true)).toBeUndefined();
  expect(sortPlaceOf(both, 'params.b')).toEqual({ direction: 'descending', rank: 2 });
  expect(sortPlaceOf(['params.b ASC'], 'params.b')).toEqual({ direction: 'ascending' });
  expect(sortPlaceOf(both, 'params.c')).toBeUndefined();
});

test('each metric is ordered by the value that its own column shows', () => {
  const sort = ['metrics.loss ASC', 'metrics.`val/acc` DESC', 'params.b DESC'];
  expect(orderOf({ sort, values: { 'metrics.val/acc': 'best' } })).toEqual({
    orderBy: sort,
    orderMetricsBy: { loss: 'last', 'val/acc': 'max' },
  });
});

test('a column takes the place of another, whichever way', () => {
  expect(moved(['a', 'b', 'c'], 'a', 'c')).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b']);
  expect(moved(['a', 'b', 'c'], 'a', 'b')).toEqual(['b', 'a', 'c']);
  expect(moved(['a', 'b'], 'a', 'x')).toEqual(['a', 'b']);
});
