import { describe, expect, it } from 'vitest';
import type { Description } from '#operations/serving';
import type { TensorSpec } from '#ports/model-runtime';
import { parseScoringBody } from './parse-body.ts';
import { toTensors } from './to-tensors.ts';

const takes = (...inputs: TensorSpec[]): Description =>
  ({ inputs, outputs: [], contextColumns: ['example_id'] }) as unknown as Description;
const flights = takes(
  { name: 'age', datatype: 'FP32', shape: [-1, 1] },
  { name: 'seats', datatype: 'INT64', shape: [-1] },
  { name: 'carrier', datatype: 'BYTES', shape: [-1, 1] },
);
const tensorsOf = (body: unknown) => toTensors(parseScoringBody(Buffer.from(JSON.stringify(body))), flights);

describe('rows as tensors', () => {
  it.each([
    [
      'dataframe_split',
      {
        columns: ['carrier', 'age', 'other', 'seats'],
        data: [
          ['UA', null, 1, 3],
          ['AA', '2.5', 1, 4],
        ],
      },
    ],
    [
      'dataframe_records',
      [
        { carrier: 'UA', seats: 3 },
        { carrier: 'AA', age: 2.5, seats: 4 },
      ],
    ],
    ['inputs', { carrier: ['UA', 'AA'], age: [null, 2.5], seats: [3, 4] }],
  ])('of %s, by name; no number is NaN for the model and null in the log', (form, value) => {
    const [age, seats, carrier] = tensorsOf({ [form]: value });
    expect(age).toEqual({
      name: 'age',
      datatype: 'FP32',
      shape: [2, 1],
      data: Float32Array.of(Number.NaN, 2.5),
    });
    expect(seats).toMatchObject({ shape: [2], data: BigInt64Array.of(3n, 4n) });
    expect(carrier).toMatchObject({ shape: [2, 1], data: ['UA', 'AA'] });
  });

  it.each([
    ['a whole number', { carrier: ['UA'], age: [1], seats: [null] }, "column 'seats' has a missing value"],
    ['a text', { carrier: [null], age: [1], seats: [1] }, "column 'carrier' has a missing value"],
    ['a column', { carrier: ['UA'], seats: [1] }, "missing inputs: ['age']"],
  ])('cannot do without %s', (_, inputs, message) => {
    expect(() => tensorsOf({ inputs })).toThrow(message);
  });
});
