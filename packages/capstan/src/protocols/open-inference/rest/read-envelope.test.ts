import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capturedIn, readEnvelope, type Envelope } from './read-envelope.ts';

/** With what was taken out put back. */
function whole(envelope: Envelope, value: unknown = envelope.body): unknown {
  const numbers = capturedIn(envelope, value);
  if (numbers) {
    const flat = Array.from(numbers.values, (each) => (Number.isNaN(each) ? null : each));
    if (numbers.hasLong) expect((JSON.parse(numbers.text) as unknown[]).flat(8)).toEqual(flat);
    const values = flat.values();
    return nested(numbers.sizes, () => values.next().value);
  }
  if (Array.isArray(value)) return value.map((each) => whole(envelope, each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, whole(envelope, each)]));
}

function nested(sizes: readonly number[], next: () => unknown): unknown {
  const [size, ...inner] = sizes;
  return size === undefined ? next() : Array.from({ length: size }, () => nested(inner, next));
}

const awkward = fc.constantFrom(
  'data',
  '"data"',
  '"data":[1,2]',
  String.raw`\"data\":[`,
  '\\',
  'é',
  '\u{1d11e}',
  '[',
  ']',
);
const text = fc.oneof(awkward, fc.string());
const numbers = fc.oneof(
  fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(null)), {
    maxLength: 200,
  }),
  fc.array(fc.tuple(fc.integer(), fc.integer()), { maxLength: 100 }),
);
const tree = fc.letrec<{ value: unknown; object: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    numbers,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.oneof(fc.constant('data'), text).filter((key) => key !== '__proto__'),
    tie('value'),
    { maxKeys: 5 },
  ),
})).object;

test('says what JSON.parse says, wherever the word data stands, small or large, tight or spaced', () => {
  fc.assert(
    fc.property(
      tree,
      fc.constantFrom(undefined, 1, '\t'),
      fc.boolean(),
      fc.boolean(),
      (object, space, isLarge, isExact) => {
        const json = JSON.stringify(isLarge ? { ...object, padding: 'é'.repeat(600) } : object, null, space);
        expect(whole(readEnvelope(Buffer.from(json), isExact))).toEqual(JSON.parse(json));
      },
    ),
    { numRuns: 1_500 },
  );
});

test('many small arrays are left where they are, large ones after a few are taken out', () => {
  const small = Array.from({ length: 50 }, (_, index) => ({ name: `i${index}`, data: [index] }));
  const large = [{ data: [1] }, { data: Array.from({ length: 500 }, (_, index) => index) }];
  expect(readEnvelope(Buffer.from(JSON.stringify({ small }))).numbers.length).toBeLessThan(10);
  expect(readEnvelope(Buffer.from(JSON.stringify({ large }))).numbers.map(({ values }) => values.length)).toEqual([
    1, 500,
  ]);
});
