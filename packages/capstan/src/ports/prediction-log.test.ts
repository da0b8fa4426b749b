import { describe, expect, test } from 'vitest';
import { decodeSegment, encodeRecord, exampleOf, wholeBytes, type LoggedRequest } from './prediction-log.ts';

const part = {
  role: 'champion' as const,
  revision: 1,
  modelVersion: 1,
  share: 1,
  threshold: 0.5,
  shift: 0,
  rows: null,
  probabilities: null,
  outputs: null,
  error: null,
  latencyUs: 10,
};

const record: LoggedRequest = {
  request: '0d2f2f3b-5c1e-4f5e-8a3a-9d5e1a2b3c4d',
  deployment: 'shop',
  rollout: 'ro_1',
  stage: 2,
  at: Date.UTC(2013, 3, 1),
  rows: 2,
  examples: null,
  eventTimes: Float64Array.of(1, 2),
  inputs: [
    { name: 'x', datatype: 'FP32', width: 2, data: Float32Array.of(0.1, Number.NaN, -0, Infinity) },
    { name: 'carrier', datatype: 'BYTES', width: 1, data: ['UA', 'é "quoted"\n'] },
    { name: 'seats', datatype: 'INT64', width: 1, data: BigInt64Array.of(2n ** 63n - 1n, -1n) },
    { name: 'late', datatype: 'BOOL', width: 1, data: Uint8Array.of(1, 0) },
    { name: 'name', datatype: 'BYTES', width: 1, data: null },
    { name: 'nothing', datatype: 'FP64', width: 0, data: new Float64Array() },
  ],
  parts: [
    {
      ...part,
      rows: [1],
      probabilities: Float64Array.of(0.25),
      outputs: [{ name: 'p', datatype: 'FP16', width: 1, data: Float16Array.of(0.5) }],
    },
    { ...part, role: 'canary', rows: [0], error: 'no luck' },
  ],
};
/** As a model that reads requests by itself is logged. */
const scored: LoggedRequest = {
  ...record,
  examples: ['a', 'b'],
  eventTimes: null,
  inputs: null,
  parts: [{ ...part, outputs: [{ name: 'predictions', datatype: 'BYTES', width: 1, data: ['a', null] }] }],
};

test('a record is read as it was written, to the bit, whatever the datatype', () => {
  const bytes = Buffer.concat([encodeRecord(record), encodeRecord(scored)]);
  expect(decodeSegment(bytes)).toEqual([record, scored]);
  expect(wholeBytes(bytes)).toBe(bytes.length);
  expect(decodeSegment(Buffer.alloc(0))).toEqual([]);
});

test('a row whose caller gave it no id has one by its request', () => {
  expect([0, 1].map((row) => exampleOf(record, row))).toEqual([`${record.request}-0`, `${record.request}-1`]);
  expect(exampleOf({ ...record, rows: 1 }, 0)).toBe(record.request);
  expect(exampleOf(scored, 1)).toBe('b');
});

test('what an older data plane wrote is read too, and cut where a line is not whole', () => {
  const line = {
    v: 1,
    request: 'r1',
    deployment: 'shop',
    rollout: null,
    stage: null,
    at: 1,
    examples: ['a', 'b'],
    eventTimes: [1, 2],
    inputs: [{ name: 'seats', datatype: 'INT64', width: 1, data: ['9007199254740993', 2] }],
    parts: [{ ...part, probabilities: [0.5, 0.25] }],
  };
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  const { v: _, ...rest } = line;
  expect(decodeSegment(bytes)).toEqual([{ ...rest, rows: 2 }]);
  expect(wholeBytes(Buffer.concat([bytes, Buffer.from('{"v":1,"req')]))).toBe(bytes.length);
});

describe('of what was cut off or damaged', () => {
  const first = encodeRecord(scored);
  const whole = Buffer.concat([first, encodeRecord(record)]);

  test('the records before it are whole, at whatever byte it ends', () => {
    for (let end = first.length; end < whole.length; end++) {
      expect(wholeBytes(whole.subarray(0, end))).toBe(first.length);
    }
    expect(wholeBytes(first.subarray(0, first.length - 1))).toBe(0);
  });

  test('nothing is taken, whichever byte it is', () => {
    expect(() => decodeSegment(whole.subarray(0, -1))).toThrow(/Record 2 of the segment .* cut off or damaged/);
    for (let at = first.length; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(() => decodeSegment(damaged), String(at)).toThrow(/Record 2 of the segment/);
      expect(wholeBytes(damaged), String(at)).toBe(first.length);
    }
  });
});
