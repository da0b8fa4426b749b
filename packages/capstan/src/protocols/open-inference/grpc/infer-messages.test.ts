import { create, createFileRegistry, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainError } from '#kernel/errors';
import { PredictionIds, type InferenceAnswer, type ReceivedTensor } from '#operations/serving';
import type { TensorDatatype } from '#ports/model-runtime';
import { tensorToBytes } from '#ports/tensor-bytes';
import { decodeInfer } from './decode-infer.ts';
import { encodeAnswer } from './encode-infer.ts';
import { PREFIX_BYTES } from './framing.ts';
import { messagesOf } from './messages.ts';
import { openInferenceProto } from './protos.ts';

// What the library writes we read, and what we write it reads: by the description that reflection gives.
const { descriptor } = messagesOf(openInferenceProto);
const registry = createFileRegistry(fromBinary(FileDescriptorProtoSchema, descriptor), () => undefined);
const schemaOf = (name: string) => registry.getMessage(`inference.${name}`) as DescMessage;
const library = {
  write: (name: string, fields: Record<string, unknown>) => toBinary(schemaOf(name), create(schemaOf(name), fields)),
  read: (name: string, bytes: Uint8Array) => fromBinary(schemaOf(name), bytes) as unknown as Record<string, unknown>,
};

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const text = fc.string({ unit: 'binary' }).map((given) => given.toWellFormed());

/** For each datatype: values, their array, and the typed contents that hold them. */
const KINDS = {
  BOOL: { value: uint(1), array: Uint8Array.from.bind(Uint8Array), field: 'boolContents', typed: Boolean },
  INT8: { value: int(8), array: Int8Array.from.bind(Int8Array), field: 'intContents', typed: Number },
  INT16: { value: int(16), array: Int16Array.from.bind(Int16Array), field: 'intContents', typed: Number },
  INT32: { value: int(32), array: Int32Array.from.bind(Int32Array), field: 'intContents', typed: Number },
  UINT8: { value: uint(8), array: Uint8Array.from.bind(Uint8Array), field: 'uintContents', typed: Number },
  UINT16: { value: uint(16), array: Uint16Array.from.bind(Uint16Array), field: 'uintContents', typed: Number },
  UINT32: { value: uint(32), array: Uint32Array.from.bind(Uint32Array), field: 'uintContents', typed: Number },
  INT64: {
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    array: BigInt64Array.from.bind(BigInt64Array),
    field: 'int64Contents',
    typed: BigInt,
  },
  UINT64: {
    value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    array: BigUint64Array.from.bind(BigUint64Array),
    field: 'uint64Contents',
    typed: BigInt,
  },
  FP32: { value: fc.float(), array: Float32Array.from.bind(Float32Array), field: 'fp32Contents', typed: Number },
  FP64: { value: fc.double(), array: Float64Array.from.bind(Float64Array), field: 'fp64Contents', typed: Number },
  BYTES: { value: text, array: Array.from.bind(Array), field: 'bytesContents', typed: Buffer.from },
} as const;

const tensor = fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])).chain((datatype) => {
  const { value, array } = KINDS[datatype];
  return fc.tuple(fc.string({ minLength: 1 }), uint(2), uint(2)).chain(([name, rows, width]) =>
    fc
      .array(value as fc.Arbitrary<unknown>, { minLength: rows * width, maxLength: rows * width })
      .map((values): ReceivedTensor => {
        const data = (array as (from: unknown[]) => ReceivedTensor['data'])(values);
        return { name: name.toWellFormed(), datatype, shape: [rows, width], data };
      }),
  );
});
const asked = fc.record({
  model: text,
  version: text,
  id: text,
  inputs: fc.array(tensor, { minLength: 1, maxLength: 4 }),
  outputs: fc.option(
    fc.array(
      text.map((name) => ({ name, isBinary: true })),
      { minLength: 1, maxLength: 3 },
    ),
    { nil: undefined },
  ),
});
type Asked = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

function written({ model, version, id, inputs, outputs }: Asked, isRaw: boolean): Buffer {
  const typed = ({ datatype, data }: ReceivedTensor) => {
    const { field, typed: convert } = KINDS[datatype as keyof typeof KINDS];
    return { [field]: Array.from(data as ArrayLike<string>, (value) => (convert as (from: string) => unknown)(value)) };
  };
  const fields = {
    modelName: model,
    modelVersion: version,
    id,
    parameters: { priority: { parameterChoice: { case: 'uint64Param', value: 1n } } },
    inputs: inputs.map((input) => ({
      name: input.name,
      datatype: input.datatype,
      shape: input.shape.map(BigInt),
      ...(!isRaw && { contents: typed(input) }),
    })),
    outputs: (outputs ?? []).map(({ name }) => ({ name })),
    rawInputContents: isRaw ? inputs.map(({ data }) => tensorToBytes(data)) : [],
  };
  return Buffer.from(library.write('ModelInferRequest', fields));
}

describe('ModelInferRequest', () => {
  test('is read as the library wrote it, with raw and with typed contents', () => {
    fc.assert(
      fc.property(asked, fc.boolean(), (given, isRaw) => {
        expect(decodeInfer(written(given, isRaw))).toEqual(given);
      }),
    );
  });

  test('changed or cut anywhere, is read or refused as INVALID_ARGUMENT', () => {
    const change = fc.record({ at: fc.nat(), byte: uint(8) });
    let refused = 0;
    fc.assert(
      fc.property(asked, fc.boolean(), fc.array(change, { maxLength: 4 }), fc.nat(), (given, isRaw, changes, cut) => {
        const bytes = written(given, isRaw);
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        try {
          decodeInfer(bytes.subarray(0, bytes.length - (cut % bytes.length)));
        } catch (error) {
          refused++;
          expect(error).toMatchObject({ name: 'DomainError', code: 'INVALID_ARGUMENT' });
        }
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  test('of any bytes at all is refused or read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeInfer(Buffer.from(bytes));
        } catch (error) {
          expect(error instanceof DomainError && error.code).toBe('INVALID_ARGUMENT');
        }
      }),
      { numRuns: 1_000 },
    );
  });

  const one = (fields: object, more: object = {}): Buffer => {
    const input = { name: 'x', datatype: 'FP32', shape: [2n], ...fields };
    return Buffer.from(library.write('ModelInferRequest', { modelName: 'm', inputs: [input], ...more }));
  };
  const eight = { rawInputContents: [new Uint8Array(8)] };
  test.each<[string, Buffer, RegExp]>([
    ['no inputs', Buffer.from(library.write('ModelInferRequest', { modelName: 'm' })), /inputs is missing/],
    ['an unknown datatype', one({ datatype: 'BF16' }, eight), /'BF16', which is not taken/],
    ['raw and typed contents', one({ contents: { fp32Contents: [1, 2] } }, eight), /and raw_input_contents too/],
    ['a raw content too many', one({}, { rawInputContents: [new Uint8Array(8), new Uint8Array(0)] }), /are 2 raw/],
    ['too few raw bytes', one({}, { rawInputContents: [new Uint8Array(7)] }), /7 bytes; 2 values of FP32 are 8/],
    ['another field of contents', one({ contents: { fp64Contents: [1, 2] } }), /fp64_contents; FP32 is sent in fp32/],
    ['too few values', one({ contents: { fp32Contents: [1] } }), /has 1 fp32_contents; its shape holds 2/],
    ['too many values', one({ contents: { fp32Contents: [1, 2, 3] } }), /more than 2 fp32_contents/],
    ['no contents', one({}), /has 0 fp32_contents/],
    ['half floats that are not raw', one({ datatype: 'FP16', contents: { fp32Contents: [1, 2] } }), /only raw/],
    ['a value out of range', one({ datatype: 'INT8', contents: { intContents: [1, 128] } }), /128, which is no INT8/],
    ['no UTF-8', one({ datatype: 'BYTES', shape: [1n], contents: { bytesContents: [Buffer.of(0xff)] } }), /no UTF-8/],
    ['a negative size', one({ shape: [-1n] }, eight), /has -1 at 0; whole numbers of 0 or more/],
    ['a size beyond 2^53', one({ shape: [2n ** 53n] }, eight), /whole numbers of 0 or more/],
    ['sizes whose product is', one({ shape: [2n ** 40n, 2n ** 40n] }, eight), /8 bytes; /],
    ['more values than could be held', one({ shape: [2n ** 40n] }), /its shape holds 1099511627776/],
    ['nine dimensions', one({ shape: Array.from({ length: 9 }, () => 1n) }, eight), /has 9 dimensions; up to 8/],
    [
      'shared memory',
      one({ parameters: { shared_memory_region: { parameterChoice: { case: 'stringParam', value: 'r' } } } }),
      /asks for shared_memory_region/,
    ],
  ])('with %s is refused', (_what, bytes, message) => {
    expect(() => decodeInfer(bytes)).toThrow(message);
  });

  test('with numbers of sizes and values that are not packed, is the same', () => {
    const packed = one({ contents: { fp32Contents: [1, 2] } });
    // Fields 3 and 6 as single values: a tag and a value each, in a tensor and its contents.
    const values = Buffer.concat([1, 2].map((value) => Buffer.concat([Buffer.of(0x35), float(value)])));
    const contents = Buffer.concat([Buffer.of(0x2a, values.length), values]);
    const input = Buffer.concat([Buffer.from('\n\u0001x\u0012\u0004FP32\u0018\u0002'), contents]);
    const unpacked = Buffer.concat([Buffer.from('\n\u0001m'), Buffer.of(0x2a, input.length), input]);
    expect(decodeInfer(unpacked)).toEqual(decodeInfer(packed));
  });
});

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

describe('ModelInferResponse', () => {
  const answer = (outputs: readonly ReceivedTensor[], more: Partial<InferenceAnswer> = {}): InferenceAnswer => ({
    rows: 3,
    outputs,
    predictionIds: new PredictionIds('request', 3, ['a', 'é"', 'c']),
    parts: [{ role: 'champion', revision: 7, modelVersion: 1, rows: null }],
    ...more,
  });

  test('is read by the library as it was meant', () => {
    const outputs = fc.array(tensor, { maxLength: 4 });
    fc.assert(
      fc.property(text, text, outputs, (model, id, tensors) => {
        const bytes = encodeAnswer({ model, version: '', id, inputs: [], outputs: undefined }, answer(tensors));
        const read = library.read('ModelInferResponse', bytes.subarray(PREFIX_BYTES));
        expect(read).toMatchObject({ modelName: model, modelVersion: '7', id });
        expect(read['parameters']).toMatchObject({
          prediction_ids: { parameterChoice: { case: 'stringParam', value: '["a","é\\"","c"]' } },
          revision: { parameterChoice: { case: 'int64Param', value: 7n } },
          route: { parameterChoice: { case: 'stringParam', value: 'champion' } },
        });
        expect(read['outputs']).toMatchObject(
          tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(BigInt) })),
        );
        expect((read['rawOutputContents'] as Uint8Array[]).map((raw) => Buffer.from(raw))).toEqual(
          tensors.map(({ data }) => Buffer.from(tensorToBytes(data))),
        );
      }),
    );
  });

  test('tells revision and route of each row where they differ', () => {
    const parts = [
      { role: 'champion', revision: 1, modelVersion: 1, rows: [0, 2] },
      { role: 'canary', revision: 2, modelVersion: 2, rows: [1] },
    ] as const;
    const bytes = encodeAnswer(
      { model: 'm', version: '', id: '', inputs: [], outputs: undefined },
      answer([], { parts }),
    );
    expect(library.read('ModelInferResponse', bytes.subarray(PREFIX_BYTES))['parameters']).toMatchObject({
      revision: { parameterChoice: { value: '[1,2,1]' } },
      route: { parameterChoice: { value: '["champion","canary","champion"]' } },
    });
  });

  test('has the outputs that were asked for, and none that there is not', () => {
    const outputs = (['a', 'b'] as const).map((name) => ({
      name,
      datatype: 'FP32' as TensorDatatype,
      shape: [1],
      data: new Float32Array(1),
    }));
    const ask = (...names: string[]) => {
      const named = names.map((name) => ({ name, isBinary: true }));
      return encodeAnswer({ model: 'm', version: '', id: '', inputs: [], outputs: named }, answer(outputs));
    };
    const read = library.read('ModelInferResponse', ask('b').subarray(PREFIX_BYTES));
    expect(read['outputs']).toMatchObject([{ name: 'b' }]);
    expect(() => ask('c')).toThrow(/no output 'c' now/);
  });
});
