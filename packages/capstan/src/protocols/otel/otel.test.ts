import { gzipSync, deflateSync, deflateRawSync } from 'node:zlib';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportTraceServiceRequest, type Field, type MessageSpec, type Read } from './messages.ts';
import { readJson } from './read-json.ts';
import { readProtobuf } from './read-protobuf.ts';
import { spansIn } from './to-spans.ts';
import { unpack } from './unpack.ts';

/** Writes what the reader reads, by the library's own writer. */
function write(spec: MessageSpec, message: Read): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of spec.fields) {
    const value = message[field.name];
    for (const item of field.isList ? (value as unknown[]) : value === undefined ? [] : [value]) {
      writeValue(writer, field, item);
    }
  }
  return writer.finish();
}

function writeValue(writer: BinaryWriter, { kind, number }: Field, value: unknown): void {
  if (typeof kind === 'function') {
    writer.tag(number, WireType.LengthDelimited).bytes(write(kind(), value as Read));
    return;
  }
  switch (kind) {
    case 'string':
      return void writer.tag(number, WireType.LengthDelimited).string(value as string);
    case 'bytes':
      return void writer.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array);
    case 'id':
      return void writer.tag(number, WireType.LengthDelimited).bytes(Buffer.from(value as string, 'hex'));
    case 'fixed64':
      return void writer.tag(number, WireType.Bit64).fixed64(value as bigint);
    case 'double':
      return void writer.tag(number, WireType.Bit64).double(value as number);
    case 'int64':
      return void writer.tag(number, WireType.Varint).int64(value as bigint);
    case 'bool':
      return void writer.tag(number, WireType.Varint).bool(value as boolean);
    case 'enum':
      return void writer.tag(number, WireType.Varint).int32(value as number);
  }
}

/** As OTLP writes it in JSON. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

const text = fc.string({ unit: 'binary' }).map((given) => given.toWellFormed());
/** JSON.stringify writes -0 as 0. */
const double = fc.double().filter((given) => !Object.is(given, -0));
const anyValue = fc.letrec<{ value: Read }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
    fc.record({ doubleValue: double }),
    fc.record({ bytesValue: fc.uint8Array() }),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({
      kvlistValue: fc.record({ values: fc.array(fc.record({ key: text, value: tie('value') }), { maxLength: 3 }) }),
    }),
  ),
})).value;
const attributes = fc.array(fc.record({ key: text, value: anyValue }), { maxLength: 4 });
const id = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((given) => Buffer.from(given).toString('hex'));
const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const span = fc.record({
  traceId: id(16),
  spanId: id(8),
  name: text,
  startTimeUnixNano: time,
  endTimeUnixNano: time,
  attributes,
  events: fc.array(fc.record({ timeUnixNano: time, name: text, attributes }), { maxLength: 2 }),
  links: fc.array(fc.record({ traceId: id(16), spanId: id(8), attributes }), { maxLength: 2 }),
  status: fc.record({ message: text, code: fc.integer({ min: 0, max: 2 }) }),
});
const request = fc
  .array(
    fc.record({ resource: fc.record({ attributes }), scopeSpans: fc.tuple(fc.record({ spans: fc.array(span) })) }),
    {
      maxLength: 2,
    },
  )
  .map((resourceSpans) => ({ resourceSpans }));

describe('both encodings', () => {
  test('say the same, to the last digit', () => {
    fc.assert(
      fc.property(request, (message) => {
        const packed = readProtobuf(exportTraceServiceRequest, write(exportTraceServiceRequest, message));
        const json = readJson(exportTraceServiceRequest, JSON.stringify(toJson(message)));
        expect(packed).toEqual(message);
        expect(json).toEqual(message);
      }),
      { numRuns: 60 },
    );
  });

  test('of any bytes or text: a message, or an Error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.json(), (bytes, json) => {
        for (const read of [
          () => readProtobuf(exportTraceServiceRequest, bytes),
          () => readJson(exportTraceServiceRequest, json),
        ]) {
          try {
            spansIn(read());
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
    );
  });

  test('a message cut anywhere but between fields is refused', () => {
    const whole = write(exportTraceServiceRequest, {
      resourceSpans: [{ resource: { attributes: [{ key: 'a', value: { intValue: 1n } }] }, scopeSpans: [] }],
    });
    for (let length = 1; length < whole.length; length++) {
      expect(() => readProtobuf(exportTraceServiceRequest, whole.slice(0, length))).toThrow();
    }
  });

  test('nesting is bounded', () => {
    const deep = (depth: number): Read =>
      depth === 0 ? { intValue: 1n } : { arrayValue: { values: [deep(depth - 1)] } };
    const message = (depth: number) => ({
      resourceSpans: [{ resource: { attributes: [{ key: 'a', value: deep(depth) }] }, scopeSpans: [] }],
    });
    for (const [depth, isTaken] of [
      [30, true],
      [60, false],
    ] as const) {
      const reads = [
        () => readProtobuf(exportTraceServiceRequest, write(exportTraceServiceRequest, message(depth))),
        () => readJson(exportTraceServiceRequest, JSON.stringify(toJson(message(depth)))),
      ];
      for (const read of reads) {
        if (isTaken) expect(read()).toEqual(message(depth));
        else expect(read).toThrow('nested too deeply');
      }
    }
  });

  test('JSON may spell names with underscores, enumerations by name, and integers as bare numbers', () => {
    const json = `{"resource_spans": [{"scope_spans": [{"spans": [{
      "trace_id": "${'0A'.repeat(16)}", "span_id": "${'0b'.repeat(8)}", "start_time_unix_nano": 1700000000000000001,
      "status": {"code": "STATUS_CODE_ERROR"}, "unknown": {"x": []}}]}]}]}`;
    expect(spansIn(readJson(exportTraceServiceRequest, json))).toMatchObject([
      { traceId: '0a'.repeat(16), startNs: 1_700_000_000_000_000_001n, status: 'ERROR', endNs: null, parentId: null },
    ]);
  });
});

describe('spans', () => {
  const spanOf = (rest: object) => ({
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [], events: [], links: [], ...rest }] }] }],
  });
  const ids = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };

  test.each([
    [{ spanId: ids.spanId }],
    [{ ...ids, spanId: '22' }],
    [{ ...ids, parentSpanId: '22' }],
    [{ ...ids, startTimeUnixNano: 2n ** 63n }],
  ])('refuses what no span has: %#', (rest) => {
    expect(() => spansIn(spanOf(rest))).toThrow(RangeError);
  });

  test('ids of zeros, which OpenTelemetry calls invalid, are taken as MLflow takes them', () => {
    const zeros = { traceId: '0'.repeat(32), spanId: '0'.repeat(16) };
    expect(spansIn(spanOf(zeros))).toMatchObject([{ ...zeros, parentId: null }]);
  });

  test('a root span tells the service that made it, where that is a tool known to MLflow', () => {
    const from = (service: string, rest: object = {}) => {
      const attributes = [{ key: 'service.name', value: { stringValue: service } }];
      const [group] = spanOf({ ...ids, ...rest }).resourceSpans;
      return spansIn({ resourceSpans: [{ ...group, resource: { attributes } }] }).map((span) =>
        span.attributes.get('service.name'),
      );
    };
    expect(from('gemini-cli')).toEqual(['gemini-cli']);
    expect(from('gemini-cli', { parentSpanId: '3'.repeat(16) })).toEqual([undefined]);
    expect(from('my-shop')).toEqual([undefined]);
  });

  test('a parent of zeros is none, and a link to nothing is left out', () => {
    const links = [{ traceId: 'ab', spanId: 'cd', attributes: [] }];
    const [read] = spansIn(spanOf({ ...ids, parentSpanId: '0'.repeat(16), links }));
    expect(read).toMatchObject({ parentId: null, links: [] });
  });
});

describe('unpack', () => {
  const body = Buffer.from('spans '.repeat(1_000));

  test('reads gzip, and deflate with and without its wrapper', async () => {
    for (const [encoding, packed] of [
      ['gzip', gzipSync(body)],
      ['deflate', deflateSync(body)],
      ['deflate', deflateRawSync(body)],
      ['', body],
    ] as const) {
      expect(await unpack(packed, encoding, 10_000)).toEqual(body);
    }
  });

  test('gives up on what is too large, broken or unknown', async () => {
    expect(await unpack(gzipSync(body), 'gzip', 100)).toBe('too-large');
    expect(await unpack(deflateSync(body), 'deflate', 100)).toBe('too-large');
    expect(await unpack(Buffer.from('nothing'), 'gzip', 100)).toBe('broken');
    expect(await unpack(Buffer.from([255, 255]), 'deflate', 100)).toBe('broken');
    expect(await unpack(body, 'br', 100)).toBe('unknown');
  });
});
