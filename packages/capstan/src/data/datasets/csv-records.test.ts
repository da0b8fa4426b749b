import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutRecords, type LeftOut } from './csv-records.ts';

async function leave(text: string, leftOut: LeftOut, pieceBytes: number): Promise<string> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const kept: Buffer[] = [];
  for await (const piece of withoutRecords(pieces(), leftOut)) kept.push(piece);
  return Buffer.concat(kept).toString();
}

describe('records of a CSV file', () => {
  const field = fc.oneof(
    fc.constantFrom('', '1', '01', 'é', ' 5" pipe', 'x"y'),
    fc.constantFrom('"a, b"', '"two\nlines"', '"two\r\nlines"', '"say ""so"""', '""'),
  );
  const record = fc
    .tuple(field, field)
    // A space before a quoted field is none of it.
    .map(([first, second]) => `${first === ' 5" pipe' ? '5" pipe' : first}, ${second.trimStart()}`);
  const file = fc.record({
    records: fc.array(fc.record({ text: record, isOut: fc.boolean(), blanks: fc.nat({ max: 2 }) }), { maxLength: 8 }),
    end: fc.constantFrom('\n', '\r\n', '\r'),
    isEnded: fc.boolean(),
    pieceBytes: fc.integer({ min: 1, max: 40 }),
  });

  it('are left out whole, and the others stay byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(file, async ({ records, end, isEnded, pieceBytes }) => {
        const lines = records.map(({ text, blanks }, index) => {
          const isLast = index === records.length - 1;
          return {
            line: `${text}${isLast && !isEnded ? '' : end}`,
            empty: isLast && !isEnded ? '' : end.repeat(blanks),
          };
        });
        const text = `a,b${end}${lines.map(({ line, empty }) => line + empty).join('')}`;
        const out = records.flatMap(({ isOut }, index) => (isOut ? [index + 1] : []));
        const kept = lines.map(({ line, empty }, index) => (records[index]?.isOut ? '' : line) + empty).join('');
        expect(await leave(text, { records: out, isEmptyLineRow: false }, pieceBytes)).toBe(`a,b${end}${kept}`);
      }),
    );
  });

  it('are empty lines where there is one column', async () => {
    expect(await leave('a\n1\n\n2\n', { records: [2], isEmptyLineRow: true }, 3)).toBe('a\n1\n2\n');
    expect(await leave('a\n1\n\n2\n', { records: [2], isEmptyLineRow: false }, 3)).toBe('a\n1\n\n');
  });
});
