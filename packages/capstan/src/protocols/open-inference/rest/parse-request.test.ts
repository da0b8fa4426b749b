import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError } from '#kernel/errors';
import type { Description } from '#operations/serving';
import type { TensorData, TensorDatatype } from '#ports/model-runtime';
import { tensorToBytes } from '#ports/tensor-bytes';
import { parseInferRequest } from './parse-request.ts';
import { splitBody } from './split-body.ts';

const description = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  contextColumns: [],
} as unknown as Description;

const arrays = {
  BOOL: fc.array(fc.boolean()).map((values) => Uint8Array.from(values, Number)),
  UINT8: fc.uint8Array(),
  INT16: fc.int16Array(),
  INT32: fc.int32Array(),
  INT64: fc.bigInt64Array(),
  UINT64: fc.bigUint64Array(),
  FP32: fc.float32Array({ noNaN: true, noDefaultInfinity: true }),
  FP64: fc.float64Array({ noNaN: true, noDefaultInfinity: true }),
  BYTES: fc.array(fc.string({ unit: 'grapheme' })),
} as const satisfies Partial<Record<TensorDatatype, fc.Arbitrary<TensorData>>>;

interface Given {
  readonly name: string;
  readonly datatype: TensorDatatype;
  readonly data: TensorData;
  readonly isBinary: boolean;
  readonly isNested: boolean;
}

const tensors = fc.array(
  fc.constantFrom(...(Object.keys(arrays) as (keyof typeof arrays)[])).chain((datatype) =>
    fc.record({
      name: fc.string({ minLength: 1 }),
      datatype: fc.constant(datatype),
      data: (arrays[datatype] as fc.Arbitrary<TensorData>).map(
        (data) => data.slice(0, data.length - (data.length % 2)) as TensorData,
      ),
      isBinary: fc.boolean(),
      isNested: fc.boolean(),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

function valuesText({ datatype, data, isNested }: Given): string {
  const texts = Array.from(data as ArrayLike<unknown>, (value) => {
    if (typeof value === 'bigint') return String(value);
    if (datatype === 'BOOL') return value === 1 ? 'true' : 'false';
    return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
  });
  if (!isNested || texts.length === 0) return `[${texts.join(',')}]`;
  const rows = Array.from({ length: texts.length / 2 }, (_, row) => `[${texts.slice(row * 2, row * 2 + 2).join(',')}]`);
  return `[${rows.join(',')}]`;
}

/** As a client sends it: JSON, and behind it the tensors that are bytes. */
function bodyOf(given: readonly Given[]): { bytes: Buffer; header: string | undefined } {
  const inputs = given.map((tensor) => {
    const { name, datatype, data, isBinary } = tensor;
    const head = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${data.length / 2},2]`;
    if (!isBinary) return `{${head},"data":${valuesText(tensor)}}`;
    return `{${head},"parameters":{"binary_data_size":${tensorToBytes(data).length}}}`;
  });
  const json = Buffer.from(`{"inputs":[${inputs.join(',')}]}`);
  const parts = given.filter(({ isBinary }) => isBinary).map(({ data }) => tensorToBytes(data));
  return { bytes: Buffer.concat([json, ...parts]), header: parts.length === 0 ? undefined : String(json.length) };
}

test('tensors of any datatype come out as they went in, as JSON and as bytes, nested and flat', () => {
  fc.assert(
    fc.property(tensors, (given) => {
      const { bytes, header } = bodyOf(given);
      const { inputs } = parseInferRequest(splitBody(bytes, header), description);
      expect(inputs.map(({ name, datatype, data }) => ({ name, datatype, data }))).toEqual(
        given.map(({ name, datatype, data }) => ({ name, datatype, data })),
      );
    }),
    { numRuns: 500 },
  );
});

test('a request that is damaged anywhere is read or refused, and nothing else', () => {
  const harm = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 20 }),
    put: fc.uint8Array({ maxLength: 8 }),
    header: fc.option(fc.string()),
  });
  fc.assert(
    fc.property(tensors, harm, (given, { at, cut, put, header: other }) => {
      const { bytes, header } = bodyOf(given);
      const from = at % (bytes.length + 1);
      const damaged = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]);
      try {
        parseInferRequest(splitBody(damaged, other ?? header), description);
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
        expect((error as DomainError).code).toBe('INVALID_ARGUMENT');
      }
    }),
    { numRuns: 3_000 },
  );
});

test('any JSON under any member is read or refused, and nothing else', () => {
  const member = fc.constantFrom('name', 'datatype', 'shape', 'data', 'parameters');
  const right = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
  const top = fc.constantFrom('id', 'inputs', 'outputs', 'parameters');
  fc.assert(
    fc.property(member, top, fc.jsonValue(), fc.jsonValue(), (inner, outer, one, other) => {
      const body = { inputs: [{ ...right, [inner]: one }], [outer]: other };
      try {
        parseInferRequest({ json: Buffer.from(JSON.stringify(body)), binary: undefined }, description);
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
      }
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  [[-1, 2], 6, [3, 2]],
  [[-1], 6, [6]],
  [[3, -1], 6, [3, 2]],
  [[-1, -1, 2], 6, [1, 3, 2]],
  [[1, 6], 6, [1, 6]],
  [[-1, 4], 6, null],
  [[-1, -1, -1], 6, null],
  [[1, 4], 6, null],
  [[-1, 2], 0, null],
  [[-1, 0], 6, null],
])('bytes alone for the shape %j: of %i values, %j', (shape, count, wanted) => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape }];
  const read = () =>
    parseInferRequest(splitBody(Buffer.alloc(count * 4), '0'), { ...description, inputs } as unknown as Description);
  if (wanted === null) expect(read).toThrow(/'x'/);
  else expect(read().inputs[0]?.shape).toEqual(wanted);
});
