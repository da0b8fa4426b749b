import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flatten } from './flatten.ts';
import { scanNumbers } from './scan-numbers.ts';

/** In the middle of a body, which is in the middle of a pool. */
function scan(text: string) {
  const bytes = Buffer.from(`xyz{"data":${text}}`).subarray(3);
  const scanned = scanNumbers(bytes, 8);
  return scanned && { ...scanned, text: bytes.toString('latin1', 8, scanned.end) };
}

/** What JSON.parse makes of it, where it is nothing but numbers and nulls in rows of equal length. */
function parsed(text: string) {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  const flat = Array.isArray(data) ? flatten(data) : 'ragged';
  if (typeof flat === 'string') return undefined;
  if (!flat.values.every((value) => typeof value === 'number' || value === null)) return undefined;
  return { sizes: flat.sizes, values: flat.values.map((value) => (value === null ? Number.NaN : value)) };
}

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), minLength: 1, maxLength: most });
/** Any number that JSON can write, also ones that no program would. */
const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      fc.constant('0'),
      digits(22).map((text) => text.replace(/^0+(?=.)/, '')),
    ),
    fc.oneof(
      fc.constant(''),
      digits(25).map((text) => `.${text}`),
    ),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('') },
      fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(3)).map((parts) => parts.join('')),
    ),
  )
  .map((parts) => parts.join(''));

test('any number comes out as JSON.parse has it, to the bit and the sign of zero', () => {
  fc.assert(
    fc.property(fc.array(numberText, { minLength: 1, maxLength: 20 }), (texts) => {
      const text = `[${texts.join(',')}]`;
      expect(Array.from(scan(text)?.values ?? [])).toEqual(JSON.parse(text));
    }),
    { numRuns: 3_000 },
  );
});

test('doubles and floats as programs print them', () => {
  const printed = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ min: -1, max: 1, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(printed, { maxLength: 50 }), (values) => {
      expect(Array.from(scan(JSON.stringify(values))?.values ?? [])).toEqual(
        values.map((value) => (value === 0 ? 0 : value)),
      );
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  // Halfway between two doubles, and a digit more or less, where one rounding too many goes wrong.
  '[9007199254740993,9007199254740992.5,1.00000000000000011,1.00000000000000012,0.500000000000000055]',
  '[8.5070591730234615e37,2.2250738585072011e-308,5e-324,1e22,1e23,123456789012345678,0.000000000000000000000123]',
  '[-0,-0.0,0e5,-0e-5,1E5,100000000000000000000000]',
])('hard ones: %s', (text) => {
  expect(Array.from(scan(text)?.values ?? [])).toEqual(JSON.parse(text));
});

test('what is damaged anywhere is taken exactly where JSON.parse takes it', () => {
  const rows = fc.integer({ min: 1, max: 3 }).chain((width) =>
    fc.array(fc.array(fc.oneof(numberText, fc.constant('null')), { minLength: width, maxLength: width }), {
      maxLength: 4,
    }),
  );
  const space = fc.constantFrom('', ' ', '\n', '\t', '\r\n');
  const body = fc
    .tuple(rows, space, fc.boolean())
    .map(([values, gap, isFlat]) =>
      isFlat
        ? `[${gap}${values.flat().join(`,${gap}`)}${gap}]`
        : `[${values.map((row) => `${gap}[${row.join(`${gap},`)}]`).join(',')}${gap}]`,
    );
  const damage = fc.tuple(
    fc.nat(),
    fc.constantFrom('', '-', '.', ',', '[', ']', 'e', '0', 'n', ' ', '"a"', 'NaN', '+'),
    fc.nat({ max: 2 }),
  );
  fc.assert(
    fc.property(body, fc.option(damage), (whole, harm) => {
      // The first bracket is what the scan is sent to.
      const at = harm ? 1 + (harm[0] % whole.length) : 0;
      const text = harm ? whole.slice(0, at) + harm[1] + whole.slice(at + harm[2]) : whole;
      const found = scan(text);
      if (found === undefined) {
        expect(parsed(text)).toBeUndefined();
        return;
      }
      // Behind the last bracket the rest of the body is for others to judge.
      const wanted = parsed(found.text);
      expect({ sizes: found.sizes, values: Array.from(found.values) }).toEqual(wanted);
      expect(found.hasNull).toBe(found.text.includes('null'));
    }),
    { numRuns: 5_000 },
  );
});

test('integers of more digits than a double keeps are told', () => {
  expect(scan('[1,9007199254740993]')?.hasLong).toBe(true);
  expect(scan('[1,123456789012345]')?.hasLong).toBe(false);
  expect(scan('[1.0000000000000000001]')?.hasLong).toBe(false);
});

test('more numbers than there was room for at first', () => {
  const values = Array.from({ length: 20_000 }, (_, index) => index / 7);
  expect(Array.from(scan(JSON.stringify(values))?.values ?? [])).toEqual(values);
});
