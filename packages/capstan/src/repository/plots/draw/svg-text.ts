const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that others gave, for between tags and inside quotes. Control characters, which XML refuses, become spaces. */
export function escaped(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '');
}

const segmenter = new Intl.Segmenter('en');

/** A length or place, short. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** The text, or its beginning where it is longer. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const letters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  return letters.length <= longest ? text : `${letters.slice(0, longest - 1).join('')}…`;
}

export interface TextStyle {
  readonly fill: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly isBold?: boolean;
  readonly sizePx?: number;
}

export function textAt(x: number, y: number, text: string, { fill, anchor, isBold, sizePx }: TextStyle): string {
  return (
    `<text x="${px(x)}" y="${px(y)}" fill="${fill}"${anchor === undefined ? '' : ` text-anchor="${anchor}"`}` +
    `${isBold ? ' font-weight="600"' : ''}${sizePx === undefined ? '' : ` font-size="${sizePx}"`}>${escaped(text)}</text>`
  );
}
