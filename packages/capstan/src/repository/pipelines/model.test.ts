import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { changedParams, hasOnlyMore, relativePath, whyLine, type WhyStage } from './model.ts';

const values = (pairs: Record<string, ParamValue>): ReadonlyMap<ParamKey, ParamValue> => new Map(Object.entries(pairs));

describe('parameters', () => {
  it.each<[string, ParamValue, ParamValue, boolean]>([
    ['a whole number and the float it is', 1n, 1, false],
    ['true and 1, as Python has it', true, 1n, false],
    ['numbers that a float cannot tell apart', 9007199254740993n, 9007199254740992n, true],
    ['a float beside a large number', 9007199254740992, 9007199254740993n, true],
    ['text that looks like a number', '1', 1n, true],
    ['lists in another order', [1n, 2n], [2n, 1n], true],
    [
      'maps in another order',
      new Map([
        ['a', 1n],
        ['b', 2n],
      ]),
      new Map([
        ['b', 2n],
        ['a', 1n],
      ]),
      false,
    ],
    ['null and nothing in it', null, new Map(), true],
  ])('%s', (_, before, now, isChanged) => {
    const why = changedParams('p.yaml', ['k'], values({ k: before }), values({ k: now }));
    expect(why.length > 0).toBe(isChanged);
  });

  it('are told by key: new, gone, changed', () => {
    const why = changedParams('p.yaml', ['a', 'b', 'c'], values({ a: 1n, b: 'x' }), values({ b: 'y', c: 0.5 }));
    expect(whyLine(why)).toBe(
      'the parameter p.yaml:a is missing; p.yaml:b changed from "x" to "y"; p.yaml:c is a new parameter (0.5)',
    );
  });

  it('of a whole file count with what is there and what was', () => {
    const why = changedParams('p.yaml', null, values({ a: 1n }), values({ b: 1n }));
    expect(why.map(({ subject, change }) => [subject, change])).toEqual([
      ['p.yaml:b', 'new'],
      ['p.yaml:a', 'deleted'],
    ]);
    expect(changedParams('p.yaml', null, undefined, values({}))).toHaveLength(1);
  });
});

it('a folder has only more where all that it had is there unchanged', () => {
  const file = fc.record({ path: fc.constantFrom('a', 'b', 'c/d', 'e'), digest: fc.constantFrom(1, 2) });
  const folder = fc.uniqueArray(file, { selector: ({ path }) => path }).map((files) => {
    const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    return {
      paths: sorted.map(({ path }) => path),
      sizes: [],
      digests: Buffer.concat(sorted.map(({ digest }) => Buffer.alloc(16, digest))),
      map: new Map(sorted.map(({ path, digest }) => [path, digest])),
    };
  });
  fc.assert(
    fc.property(folder, folder, (before, after) => {
      const expected = [...before.map].every(([path, digest]) => after.map.get(path) === digest);
      expect(hasOnlyMore(before, after)).toBe(expected);
    }),
  );
});

it('a path is told from where one stands', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }).map((steps) => steps.join('/') || '.');
  fc.assert(
    fc.property(path, path, (from, to) => {
      const steps = from === '.' ? [] : from.split('/');
      for (const step of relativePath(from, to).split('/')) {
        if (step === '..') steps.pop();
        else if (step !== '.') steps.push(step);
      }
      expect(steps.join('/') || '.').toBe(to);
    }),
  );
});

it('many reasons are told in one line', () => {
  const why = Array.from({ length: 5 }, (_, index): WhyStage => ({
    kind: 'output',
    subject: `o${index}`,
    change: 'deleted',
  }));
  expect(whyLine(why, 2)).toBe('the output o0 is missing; the output o1 is missing; and 3 more');
});
