import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf } from './ndjson-lines.ts';

async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer, void, undefined> {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut > from) yield bytes.subarray(from, cut);
    from = Math.max(from, cut);
  }
}

async function read(bytes: Buffer, cuts: readonly number[], most = 256): Promise<string[][]> {
  const found: string[][] = [];
  for await (const lines of linesOf(pieces(bytes, cuts), most)) found.push(lines.map((line) => line.toString('utf8')));
  return found;
}

test('wherever the bytes are cut, the lines are those that were written', async () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((text) => !/[\r\n\uFEFF]/.test(text) && text.trim() !== '');
  const written = fc.record({ line: fc.option(line, { nil: '' }), end: fc.constantFrom('\n', '\r\n') });
  await fc.assert(
    fc.asyncProperty(
      fc.array(written, { maxLength: 30 }),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.nat(600), { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (all, hasMark, isOpen, at, most) => {
        const text = all
          .map(({ line: said, end }, index) => said + (isOpen && index === all.length - 1 ? '' : end))
          .join('');
        const bytes = Buffer.from((hasMark ? '\uFEFF' : '') + text);
        const cuts = at.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b);
        const found = await read(bytes, cuts, most);
        expect(found.flat()).toEqual(all.map(({ line: said }) => said).filter((said) => said !== ''));
        for (const lines of found) expect(lines.length).toBeLessThanOrEqual(most);
      },
    ),
    { numRuns: 500 },
  );
});

test('what has come is given at once, not when more comes', async () => {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  async function* slow() {
    yield Buffer.from('{"a":1}\n{"a"');
    yield await promise;
  }
  const lines = linesOf(slow(), 10)[Symbol.asyncIterator]();
  expect((await lines.next()).value?.map(String)).toEqual(['{"a":1}']);
  resolve(Buffer.from(':2}'));
  expect((await lines.next()).value?.map(String)).toEqual(['{"a":2}']);
});

test('a line without end is refused before it fills the memory', async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(65_536, 0x61);
  }
  await expect(async () => {
    for await (const _ of linesOf(endless(), 10)) throw new Error('no line');
  }).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'body' });
});
