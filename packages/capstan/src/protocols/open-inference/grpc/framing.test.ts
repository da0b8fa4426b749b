import fc from 'fast-check';
import { expect, test } from 'vitest';
import { framed, MessageSplitter, statusText, timeoutMs } from './framing.ts';

test('messages come out as they went in, however their bytes are cut into chunks', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sent, sizes) => {
      const all = Buffer.concat(sent.map(framed));
      const splitter = new MessageSplitter(50);
      const got: Buffer[] = [];
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const end = at + (sizes[turn % sizes.length] ?? 1);
        got.push(...splitter.push(all.subarray(at, end)).map(({ bytes }) => bytes));
        at = end;
      }
      expect(got).toEqual(sent.map((bytes) => Buffer.from(bytes)));
      expect(splitter.restBytes).toBe(0);
    }),
  );
});

test('a message that is announced too large is refused before it comes', () => {
  const announced = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  expect(() => new MessageSplitter(1_000).push(announced)).toThrow(
    expect.objectContaining({ code: 'TOO_LARGE', hint: expect.stringContaining('--grpc-message-bytes') }),
  );
  expect(() => new MessageSplitter(1_000).push(Buffer.from([7, 0, 0, 0, 0]))).toThrow(/compression flag/);
});

test.each([
  ['1H', 3_600_000],
  ['20M', 1_200_000],
  ['3S', 3_000],
  ['15m', 15],
  ['99999999u', 99_999.999],
  ['500n', 0.0005],
])('grpc-timeout %s is %d ms', (text, ms) => {
  expect(timeoutMs(text)).toBeCloseTo(ms, 9);
});

test.each(['', '1', 'S', '1s', '-1S', '123456789S', '1S '])("grpc-timeout '%s' is refused", (text) => {
  expect(() => timeoutMs(text)).toThrow(/grpc-timeout/);
});

test('status texts are percent-encoded, short, and never lines of their own', () => {
  expect(statusText('100 % “so”\r\nx')).toBe('100 %25 %E2%80%9Cso%E2%80%9D%0D%0Ax');
  expect(statusText('x'.repeat(5_000)).length).toBeLessThan(1_000);
});
