import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeExperiments, type ForeignExperiment } from './placement.ts';

const foreign = (sourceId: string, name: string): ForeignExperiment => ({
  sourceId,
  name,
  lifecycle: 'active',
  createdAt: 1,
  updatedAt: 1,
  tags: [],
});
const nothing = { byName: new Map(), ids: new Set<string>(), known: new Map(), nextId: 1 };

describe('placeExperiments', () => {
  test('keeps an id that is free, goes into a namesake, and renumbers the rest behind all that are kept', () => {
    const wanted = [
      foreign('0', 'Default'),
      foreign('848789554858382038', 'long'),
      foreign('7', 'seven'),
      foreign('3', 'x'),
    ];
    const taken = { ...nothing, byName: new Map([['Default', { id: '0' }]]), ids: new Set(['0', '3']), nextId: 4 };
    expect(placeExperiments(wanted, taken).map(({ id, how }) => [id, how])).toEqual([
      ['0', 'merged'],
      ['8', 'renumbered'],
      ['7', 'kept'],
      ['9', 'renumbered'],
    ]);
  });

  test('one that was brought before stays what it was, whatever it is called by now', () => {
    const taken = { ...nothing, byName: new Map([['a', { id: '5' }]]), known: new Map([['2', '9']]) };
    expect(placeExperiments([foreign('2', 'a')], taken)).toEqual([{ sourceId: '2', name: 'a', id: '9', how: 'known' }]);
  });

  test('no two experiments of different names share an id, and none takes one that is here', () => {
    const ids = fc.uniqueArray(fc.oneof(fc.nat(20).map(String), fc.constant('99999999999999999')), { maxLength: 12 });
    fc.assert(
      fc.property(ids, fc.uniqueArray(fc.nat(20), { maxLength: 8 }), (wanted, here) => {
        const taken = { ...nothing, ids: new Set(here.map(String)), nextId: Math.max(0, ...here) + 1 };
        const placed = placeExperiments(
          wanted.map((id) => foreign(id, `name ${id}`)),
          taken,
        );
        expect(new Set(placed.map(({ id }) => id)).size).toBe(wanted.length);
        for (const { id } of placed) expect(taken.ids.has(id)).toBe(false);
      }),
    );
  });
});
