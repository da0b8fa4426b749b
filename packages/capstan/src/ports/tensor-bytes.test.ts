import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TensorData, TensorDatatype } from './model-runtime.ts';
import { tensorFromBytes, tensorToBytes } from './tensor-bytes.ts';

const numbers: readonly [TensorDatatype, fc.Arbitrary<TensorData>][] = [
  ['UINT8', fc.uint8Array()],
  ['INT16', fc.int16Array()],
  ['INT64', fc.bigInt64Array()],
  ['UINT64', fc.bigUint64Array()],
  ['FP32', fc.float32Array()],
  ['FP64', fc.float64Array()],
];

describe('tensors as bytes', () => {
  for (const [datatype, values] of numbers) {
    test(`${datatype} comes back bit for bit from any place in a body`, () => {
      const comesBack = fc.property(values, fc.nat(7), (data, offset) => {
        const bytes = tensorToBytes(data);
        const body = new Uint8Array(offset + bytes.length);
        body.set(bytes, offset);
        const back = tensorFromBytes(body.subarray(offset), datatype, data.length, 'x');
        expect(tensorToBytes(back)).toEqual(new Uint8Array(bytes));
        expect(back).toEqual(data);
      });
      fc.assert(comesBack);
    });
  }

  test('texts come back, and are refused where they are cut off or of another number', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 });
    const comesBack = fc.property(texts, fc.nat(), fc.constantFrom(-1, 1, 2), (given, cut, more) => {
      const bytes = tensorToBytes(given);
      expect(tensorFromBytes(bytes, 'BYTES', given.length, 'x')).toEqual(given);
      const left = bytes.subarray(0, cut % bytes.length);
      expect(() => tensorFromBytes(left, 'BYTES', given.length, 'x')).toThrow("The input 'x'");
      expect(() => tensorFromBytes(bytes, 'BYTES', given.length + more, 'x')).toThrow("The input 'x' has");
    });
    fc.assert(comesBack);
  });

  test('half floats, and numbers in little-endian order', () => {
    expect([...tensorToBytes(Float16Array.of(1, -2))]).toEqual([0x00, 0x3c, 0x00, 0xc0]);
    expect([...tensorToBytes(Int32Array.of(258))]).toEqual([2, 1, 0, 0]);
  });

  test('what is no BOOL, no UTF-8 or of another length is refused by name', () => {
    expect(() => tensorFromBytes(Uint8Array.of(0, 2), 'BOOL', 2, 'b')).toThrow("The input 'b' has a byte other than");
    expect(() => tensorFromBytes(Uint8Array.of(1, 0, 0, 0, 0xff), 'BYTES', 1, 't')).toThrow('no UTF-8 text');
    expect(() => tensorFromBytes(new Uint8Array(7), 'FP32', 2, 'f')).toThrow('has 7 bytes; 2 values of FP32 are 8');
  });
});
