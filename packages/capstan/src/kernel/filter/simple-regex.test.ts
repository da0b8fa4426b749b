import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSimpleRegex, type RegexWay } from './simple-regex.ts';

/** What the parsed pattern means, by JavaScript's own expressions. */
function toRegExp(ways: readonly RegexWay[]): RegExp {
  const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
  const source = ways.map(({ parts, isAtStart, isAtEnd }) => {
    const inner = parts.map((part) => {
      if (part.kind === 'text') return escaped(part.text);
      if (part.kind === 'any') return '.*';
      const ranges = part.ranges?.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join('');
      return ranges === undefined ? '.' : `[${part.isNegated ? '^' : ''}${ranges}]`;
    });
    return (isAtStart ? '^' : '') + inner.join('') + (isAtEnd ? '$' : '');
  });
  return new RegExp(source.join('|'), 's');
}

test('a pattern that is taken means what it means in regular expressions', () => {
  const piece = fc.constantFrom('a', 'b', '.', '.*', '.+', '[ab]', '[^b]', '[a-c]', '\\.', '\\d', '\\w', '|', '1');
  const pattern = fc
    .tuple(fc.constantFrom('', '^'), fc.array(piece, { maxLength: 8 }), fc.constantFrom('', '$'))
    .map(([start, pieces, end]) => start + pieces.join('') + end);
  const texts = fc
    .array(fc.constantFrom('a', 'b', 'c', '1', '.', ' '), { maxLength: 8 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(pattern, texts, (source, text) => {
      const ways = parseSimpleRegex(source);
      if (!ways) throw new Error(`'${source}' was not taken`);
      expect(toRegExp(ways).test(text)).toBe(new RegExp(source, 's').test(text));
    }),
  );
});

test.each(['a*', 'a+', '(a)', 'a{2}', 'a$b', 'a^', '[', '[z-a]', '[a]+', '.?', '\\b', '\\', '.*'.repeat(17)])(
  'does not take %s',
  (source) => {
    expect(parseSimpleRegex(source)).toBeUndefined();
  },
);

test('any text is taken or not, and never hangs', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (source) => void parseSimpleRegex(source)));
});
