import { describe, expect, test } from 'vitest';
import type { SignatureItem } from '#ports/model-signature';
import { enforceSignature } from './enforce-signature.ts';
import type { ScoringInput } from './parse-body.ts';

const column = (name: string | null, type: string, isRequired = true): SignatureItem => {
  return { kind: 'column', name, type, isRequired };
};
const tensor = (name: string | null, dtype: string, shape: readonly number[]): SignatureItem => {
  return { kind: 'tensor', name, dtype, shape };
};
const enforce = (input: ScoringInput, signature: readonly SignatureItem[] | null, contextColumns: string[] = []) =>
  enforceSignature(input, { signature, contextColumns });
const table = (columns: readonly string[] | undefined, ...rows: readonly unknown[][]): ScoringInput => {
  return { kind: 'table', columns, rows };
};

test('without a signature what came is taken as it is', () => {
  const input = table(['b', 'a'], [1, 'x']);
  expect(enforce(input, null)).toBe(input);
});

describe('columns', () => {
  test('go in the signature’s order; the context goes with them, and what is neither is dropped', () => {
    const signature = [column('a', 'long'), column('b', 'double')];
    const given = table(['z', 'id', 'b', 'a'], ['?', 'f1', 0.5, 7]);
    expect(enforce(given, signature, ['id'])).toEqual(table(['a', 'b', 'id'], [7, 0.5, 'f1']));
  });

  test('that are not required may be missing', () => {
    const signature = [column('a', 'long'), column('b', 'double', false)];
    expect(enforce(table(['a'], [7]), signature)).toEqual(table(['a'], [7]));
    expect(() => enforce(table(['b'], [7]), signature)).toThrow("Model is missing inputs ['a']");
  });

  test('without names are counted', () => {
    const signature = [column(null, 'double'), column(null, 'double')];
    expect(enforce({ kind: 'matrix', rows: [[1, 2, 3]] }, signature)).toEqual(table(['0', '1'], [1, 2]));
    expect(() => enforce({ kind: 'matrix', rows: [[1]] }, signature)).toThrow('declares 2 inputs');
  });

  test.each([
    ['integer', 2_147_483_647, 2_147_483_648],
    ['integer', -2_147_483_648, '-2147483649'],
    ['long', 9_223_372_036_854_775_807n, 1.5],
    ['long', '12', null],
    ['double', null, 'x'],
    ['float', ' 1e3 ', {}],
    ['boolean', 'True', 'yes'],
    ['boolean', 1, 2],
    ['string', 'x', 3],
  ])('of the type %s take %s and not %s', (type, good, bad) => {
    const signature = [column('a', type)];
    expect(enforce(table(['a'], [good]), signature)).toEqual(table(['a'], [good]));
    expect(() => enforce(table(['a'], [good], [bad]), signature)).toThrow(
      /Failed to convert column a to type '\w+': row 2 has/,
    );
  });
});

describe('tensors', () => {
  const one = [tensor('a', 'float32', [-1, 1]), tensor('b', 'str', [-1, 1])];

  test('of one value a row take single values, in a table and by name', () => {
    for (const input of [
      table(['b', 'a'], ['x', 1], ['y', null]),
      { kind: 'columns' as const, columns: { a: [1, null], b: ['x', 'y'] } },
      { kind: 'columns' as const, columns: { a: [[1], [2]], b: [['x'], ['y']] } },
    ]) {
      expect(enforce(input, one)).toBe(input);
    }
  });

  test.each([
    [
      'another width',
      { kind: 'columns', columns: { a: [[1, 2]], b: ['x'] } },
      '(1, 2) does not match expected shape (-1, 1)',
    ],
    ['another type', table(['a', 'b'], ['word', 'x']), 'Failed to convert column a'],
    ['a name less', table(['a'], [1]), "missing inputs ['b']"],
  ] as const)('of %s are refused', (_, input, says) => {
    expect(() => enforce(input, one)).toThrow(says);
  });

  test('without a name are the rows, the context aside', () => {
    const matrix = [tensor(null, 'int64', [-1, 2])];
    const good = table(['id', 'x', 'y'], ['f1', 1, 2]);
    expect(enforce(good, matrix, ['id'])).toBe(good);
    expect(() => enforce(good, matrix)).toThrow('Shape of input (1, 3)');
    expect(() => enforce({ kind: 'matrix', rows: [[1, 2.5]] }, matrix)).toThrow('has 2.5');
  });
});
