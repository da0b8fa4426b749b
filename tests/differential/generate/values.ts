// What fields hold: mostly what clients send, sometimes what they should not.
import fc from 'fast-check';
import { ref, unknownIds, type Id, type Kind, type Name, type Reference, type Value } from '../programme.ts';

/** `usual` most of the time, `odd` in one of `oneIn` cases. */
export function mostly<T, U>(oneIn: number, usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ arbitrary: usual, weight: oneIn - 1 }, { arbitrary: odd, weight: 1 });
}

/** An object of this programme, sometimes one that never was or an id that is none. */
export function idOf(kind: Kind): fc.Arbitrary<Id> {
  const known: fc.Arbitrary<Reference> = fc.nat(30).map((n) => ref(kind, n));
  return mostly(
    25,
    known,
    fc.constantFrom(...Array<string>(4).fill(unknownIds[kind]), 'no-such-id', 'not an id!', '../x', 'ä', ''),
  );
}

/** Few, so that they meet again. */
export const ownName: fc.Arbitrary<Name> = fc
  .constantFrom('a', 'b', 'c d', 'Ä-ö', 'e_f.g')
  .map((name) => ({ $name: name }));

const usualKeys = ['loss', 'accuracy', 'train/loss', 'val loss', 'a.b-c_d', 'größe', 'x:y', 'Loss', '評価'];
const oddKeys = [
  ' ',
  '.',
  '..',
  '/a',
  'a/',
  'a//b',
  'a/./b',
  '../a',
  'a\\b',
  'a"b',
  "a'b",
  'a\nb',
  'ä%',
  '😀',
  'k'.repeat(250),
  'k'.repeat(251),
  'a?b',
  '__proto__',
  'constructor',
];
export const key: fc.Arbitrary<string> = mostly(25, fc.constantFrom(...usualKeys), fc.constantFrom(...oddKeys, ''));

const usualTexts = [
  '1',
  '0.1',
  'tree',
  '',
  ' ',
  'läuft',
  '日本語',
  '😀',
  'a\nb\tc',
  '{"a": [1, 2]}',
  "it's",
  '"',
  'null',
  'NaN',
  '%',
  '\\',
];
/** Values of params and tags. */
export const text: fc.Arbitrary<string> = mostly(
  15,
  fc.oneof(
    fc.constantFrom(...usualTexts),
    fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0')),
  ),
  fc.constantFrom(500, 501, 5_000, 6_000, 6_001, 8_000, 8_001, 20_000, 20_001).map((length) => 'v'.repeat(length)),
);

export const metricValue: fc.Arbitrary<Value> = mostly(
  6,
  fc.oneof(fc.constantFrom(0, 1, 0.5, -3, 0.1, 1e-7, 2), fc.double({ noNaN: true, noDefaultInfinity: true })),
  fc.constantFrom(
    'NaN',
    'Infinity',
    '-Infinity',
    1.7976931348623157e308,
    5e-324,
    -0,
    12345678901234567890n,
    '1',
    '0x1',
    'one',
    true,
    null,
  ),
);

/** 64-bit integers: small ones that meet, the extremes, and what is none. */
function wholeNumber(usual: fc.Arbitrary<number>): fc.Arbitrary<Value> {
  const extreme = fc.constantFrom<Value>(
    9007199254740993n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    -1,
    '5',
    '-7',
    '9223372036854775807',
    0,
  );
  const wrong = fc.constantFrom<Value>(1.5, 2n ** 63n, -(2n ** 63n) - 1n, 'x', '', true, '1.0', ' 3', null);
  return mostly(40, mostly(8, usual, extreme), wrong);
}

export const step = wholeNumber(fc.integer({ min: -2, max: 6 }));
export const timestamp = wholeNumber(fc.constantFrom(0, 1, 5, 1_700_000_000_000, 1_700_000_000_001));

export const tag = fc.record({ key, value: text });
export const tags = (most: number) => fc.array(tag, { maxLength: most });
export const viewType = mostly(
  15,
  fc.constantFrom('ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'),
  fc.constantFrom<Value>('active', 1, 3, 7, ''),
);
export const maxResults = (most: number) =>
  mostly(8, fc.constantFrom<Value>(1, 2, 3, 10, 100), fc.constantFrom<Value>(0, -1, most, most + 1, '5', 1.5, 'x'));

/** A field that is left out in one of `oneIn` cases. */
export function sometimes<T>(arbitrary: fc.Arbitrary<T>, oneIn = 2): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: oneIn });
}

/** Without the fields that are undefined. */
export function given<T extends object>(fields: T): { [Field in keyof T]: Exclude<T[Field], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
