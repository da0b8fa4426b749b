import { expect, test } from 'vitest';
import type { Description } from '#operations/serving';
import { parseRows } from './parse-rows.ts';
import { rowsToTensors } from './rows-to-tensors.ts';

const description: Description = {
  name: 'flights',
  revisions: [1],
  inputs: [
    { name: 'flight', datatype: 'BYTES', shape: [-1] },
    { name: 'at', datatype: 'INT64', shape: [-1] },
    { name: 'pixels', datatype: 'FP32', shape: [-1, 2, 2] },
  ],
  contextColumns: ['flight', 'at'],
  outputs: [],
  classLabels: {},
  signature: null,
  flavor: 'onnx',
};
const pixels = [
  [1, 2],
  [3, 4],
];

test('context columns keep their own type, and may be left out of all rows', () => {
  const rows = [
    { flight: 7, at: '2026-01-01T00:00:00Z', pixels },
    { flight: 8, at: '2026-01-02T00:00:00Z', pixels },
  ];
  expect(rowsToTensors(rows, description)).toMatchObject([
    { name: 'flight', datatype: 'INT64', shape: [2], data: new BigInt64Array([7n, 8n]) },
    { name: 'at', datatype: 'BYTES', shape: [2] },
    { name: 'pixels', shape: [2, 2, 2], data: new Float32Array([1, 2, 3, 4, 1, 2, 3, 4]) },
  ]);
  expect(rowsToTensors([{ pixels }], description).map(({ name }) => name)).toEqual(['pixels']);
});

test('a context column in some rows only', () => {
  const rows = [{ flight: 'a', pixels }, { pixels }];
  expect(() => rowsToTensors(rows, description)).toThrow("The input 'flight' is missing in rows[1]");
});

test('a column of a name that every object has is missing as any other', () => {
  const inputs = [{ name: 'constructor', datatype: 'FP32' as const, shape: [-1] }];
  expect(() => rowsToTensors([{}], { ...description, inputs })).toThrow("The input 'constructor' is missing");
});

test.each([
  [[1, 2, 3, 4]],
  [[[1, 2]]],
  [[[1, 2], [3]]],
  [
    [
      [1, 2],
      [3, [4]],
    ],
  ],
])('nested otherwise: %j', (value) => {
  expect(() => rowsToTensors([{ pixels: value }], description)).toThrow('is not a list of 2 × 2 values');
});

test('an input called rows', () => {
  const parse = (body: unknown) => parseRows(Buffer.from(JSON.stringify(body)), ['rows']);
  expect(parse({ rows: [1, 2] })).toEqual([{ rows: [1, 2] }]);
  expect(parse({ rows: [{ rows: [1, 2] }] })).toEqual([{ rows: [1, 2] }]);
});

test('an optional input is given in all rows or in none', () => {
  const inputs = [
    { name: 'x', datatype: 'FP64', shape: [-1] },
    { name: 'note', datatype: 'BYTES', shape: [-1], isOptional: true },
  ] as const;
  const optional = { ...description, inputs, contextColumns: [] };
  expect(rowsToTensors([{ x: 1 }, { x: 2 }], optional).map(({ name }) => name)).toEqual(['x']);
  expect(() => rowsToTensors([{ x: 1, note: 'a' }, { x: 2 }], optional)).toThrow(
    "The input 'note' is missing in rows[1]",
  );
});
