import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placesOf, stretchesOf, withFound } from './terminal-text.ts';

const plain = (printed: string): string =>
  stretchesOf(printed)
    .map(({ text }) => text)
    .join('');

test('colours and weight are kept, other codes go, a carriage return writes over its line', () => {
  expect(stretchesOf('a\u001b[1;31mred\u001b[0m \u001b[92mgreen\u001b[39m\u001b[2Kb')).toEqual([
    { text: 'a', looks: [] },
    { text: 'red', looks: ['red', 'strong'] },
    { text: ' ', looks: [] },
    { text: 'green', looks: ['green'] },
    { text: 'b', looks: [] },
  ]);
  expect(stretchesOf('\u001b[38;5;196mx\u001b[38;2;1;31;3my\u001b[2mz')).toEqual([
    { text: 'xy', looks: [] },
    { text: 'z', looks: ['faint'] },
  ]);
  expect(plain('10 %\r50 %\r100 %\ndone\r\n')).toBe('100 %\ndone\n');
  expect(plain('\u001b]0;title\u0007text\u001b(B')).toBe('text');
});

test('text without codes stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!/[\r\u001b]/.test(text));
      expect(plain(text)).toBe(text);
    }),
  );
});

test('what is found is marked, over changes of colour too, and nothing is lost', () => {
  const stretches = stretchesOf('an er\u001b[31mror, an ERROR\u001b[0m');
  const text = plain('an er\u001b[31mror, an ERROR\u001b[0m');
  const places = placesOf(text, 'error');
  expect(places).toEqual([3, 13]);
  expect(withFound(stretches, places, 5)).toEqual([
    { text: 'an ', looks: [] },
    { text: 'er', looks: [], found: 0 },
    { text: 'ror', looks: ['red'], found: 0 },
    { text: ', an ', looks: ['red'] },
    { text: 'ERROR', looks: ['red'], found: 1 },
  ]);
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'A', '\n', '\u001b[31m', '\u001b[0m') })),
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }),
      (pieces, wanted) => {
        const printed = pieces.join('');
        const found = placesOf(plain(printed), wanted);
        const cut = withFound(stretchesOf(printed), found, wanted.length);
        expect(cut.map((each) => each.text).join('')).toBe(plain(printed));
        for (const index of found.keys()) {
          const marked = cut.filter((each) => each.found === index).map((each) => each.text);
          expect(marked.join('').toLowerCase()).toBe(wanted);
        }
      },
    ),
  );
});
