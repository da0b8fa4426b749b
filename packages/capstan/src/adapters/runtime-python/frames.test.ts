import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameReader, encodeFrame, type Frame } from './frames.ts';

const bytesOf = (pieces: readonly Uint8Array[]): Buffer => Buffer.concat(pieces);

test('frames come out as they went in, however the bytes are cut', () => {
  const frame = fc.record({
    header: fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== 'lengths'),
      fc.jsonValue(),
    ),
    buffers: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), fc.array(fc.nat({ max: 60 }), { minLength: 1 }), (frames, cuts) => {
      const all = bytesOf(frames.flatMap(({ header, buffers }) => encodeFrame(header, buffers)));
      const heard: Frame[] = [];
      const reader = createFrameReader(10_000, (one) => heard.push(one));
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const size = (cuts[turn % cuts.length] ?? 0) + 1;
        reader.push(all.subarray(at, at + size));
        at += size;
      }
      expect(heard.map(({ buffers }) => buffers.map((one) => [...one]))).toEqual(
        frames.map(({ buffers }) => buffers.map((one) => [...one])),
      );
      for (const [index, { header }] of heard.entries()) {
        expect(JSON.stringify({ ...header, lengths: undefined })).toBe(
          JSON.stringify(JSON.parse(JSON.stringify(frames[index]?.header))),
        );
      }
    }),
  );
});

test('what the caller does with its arrays afterwards is its own', () => {
  for (const size of [16, 2 << 20]) {
    const data = new Uint8Array(size).fill(1);
    const pieces = encodeFrame({ kind: 'predict' }, [data]);
    data.fill(2);
    expect(bytesOf(pieces).includes(2, 100)).toBe(false);
  }
});

test('buffers lie at multiples of eight bytes', () => {
  const all = bytesOf(encodeFrame({}, [new Uint8Array([1]), new Uint8Array(8).fill(2)]));
  expect((all.length - all.indexOf(2)) % 8).toBe(0);
  expect(all.length - all.indexOf(1)).toBe(16);
});

test('what is no frame, or too large a one, is refused before it is kept', () => {
  const prefix = (header: number, body: bigint): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32LE(header, 0);
    bytes.writeBigUInt64LE(body, 4);
    return bytes;
  };
  const reader = () => createFrameReader(1_000, () => {});
  expect(() => reader().push(prefix(10, 1_001n))).toThrow(/it answered 1001 bytes; at most 1000 are taken/);
  expect(() => reader().push(prefix(0xffffffff, 8n))).toThrow(/at most/);
  expect(() => reader().push(prefix(10, 2n ** 63n))).toThrow(/at most/);
  expect(() => reader().push(Buffer.concat([prefix(3, 0n), Buffer.from('{x}')]))).toThrow(/its answer has no header/);
  const lying = Buffer.from('{"lengths":[100]}');
  expect(() => reader().push(Buffer.concat([prefix(lying.length, 8n), lying, Buffer.alloc(8)]))).toThrow(/shorter/);
});
