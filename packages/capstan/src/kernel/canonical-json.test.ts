import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test('parses back to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      // JSON itself has no negative zero.
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the order of keys does not matter', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (record) => {
      const reversed = Object.fromEntries(Object.entries(record).toReversed());
      expect(canonicalJson(reversed)).toBe(canonicalJson(record));
    }),
  );
});

test('members that are undefined are left out; what JSON cannot say is refused', () => {
  expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
  for (const value of [Number.NaN, Infinity, 1n, () => 0]) expect(() => canonicalJson(value)).toThrow(TypeError);
});
