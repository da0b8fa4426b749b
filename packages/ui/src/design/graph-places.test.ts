import { expect, test } from 'vitest';
import { placeGraph } from './graph-places.ts';

const placesOf = (nodes: Readonly<Record<string, readonly string[]>>): Record<string, readonly number[]> =>
  Object.fromEntries(
    [...placeGraph(Object.entries(nodes).map(([name, after]) => ({ name, after })))].map(([name, { column, row }]) => [
      name,
      [column, row],
    ]),
  );

test('each stands behind all that it comes after, near them', () => {
  expect(placesOf({ a: [], b: [], c: ['b'], d: ['a'], e: ['c', 'd'], f: ['a', 'e'] })).toEqual({
    a: [0, 0],
    b: [0, 1],
    d: [1, 0],
    c: [1, 1],
    e: [2, 0],
    f: [3, 0],
  });
});

test('names that are not there and cycles do no harm', () => {
  expect(placesOf({ a: ['gone'] })).toEqual({ a: [0, 0] });
  expect(Object.keys(placesOf({ a: ['b'], b: ['a'] })).toSorted()).toEqual(['a', 'b']);
});
