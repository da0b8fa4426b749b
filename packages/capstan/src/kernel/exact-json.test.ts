import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainText, readValue, storable, writeValue, type AttributeValue } from './exact-json.ts';

const value = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
    fc.constantFrom('NaN', 'a -Infinity "NaN" \\'),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.array(tie('value')),
    fc.array(fc.tuple(fc.string(), tie('value'))).map((entries) => new Map(entries)),
  ),
})).value;

describe('values of attributes', () => {
  test('come back as they were, whole numbers apart from decimal ones', () => {
    fc.assert(
      fc.property(value, (given) => {
        // 1e21 is written as JSON writes it, which is a decimal number without a point.
        expect(readValue(writeValue(given))).toEqual(given);
      }),
    );
  });

  test.each<[AttributeValue, string]>([
    [1n, '1'],
    [1, '1.0'],
    [0.1, '0.1'],
    [1e300, '1e+300'],
    [Number.NaN, 'NaN'],
    [9_007_199_254_740_993n, '9007199254740993'],
    [['a', null, true], '["a", null, true]'],
    [
      new Map<string, AttributeValue>([
        ['q', 'héllo'],
        ['n', [1n, 2.5]],
      ]),
      '{"q": "héllo", "n": [1, 2.5]}',
    ],
    [new Uint8Array([0, 1, 2]), '"AAEC"'],
  ])('value %# is written with its kind', (given, text) => {
    expect(writeValue(given)).toBe(text);
  });

  test('what is no JSON, or too deep to read, is no value', () => {
    expect(readValue('{bad')).toBeUndefined();
    expect(readValue(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)).toBeUndefined();
  });

  test('a key named __proto__ is a key', () => {
    expect(readValue('{"__proto__": {"x": 1}}')).toEqual(new Map([['__proto__', new Map([['x', 1n]])]]));
  });

  test('texts are shown without quotes, and stored without what has no place in a database', () => {
    expect(plainText('"abc"')).toBe('abc');
    expect(plainText('{"a": 1}')).toBe('{"a": 1}');
    expect(storable('a\0b\uD800')).toBe('a\uFFFDb\uFFFD');
  });
});
