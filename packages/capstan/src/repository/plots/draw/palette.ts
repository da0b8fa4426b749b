/** The colours that a drawing is made of, as SVG takes them. */
export interface Palette {
  readonly surface: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  /** Told apart by the colour-blind, too. */
  readonly data: readonly string[];
}

/** Those of the page around the drawing, which knows light and dark. */
export const pagePalette: Palette = {
  surface: 'var(--surface)',
  line: 'var(--line)',
  text: 'var(--text)',
  quiet: 'var(--text-quiet)',
  data: [1, 2, 3, 4, 5, 6, 7, 8].map((hue) => `var(--data-${hue})`),
};

/** The light ones in words that every program which reads SVG knows. */
export const filePalette: Palette = {
  surface: '#ffffff',
  line: '#dadfe1',
  text: '#182125',
  quiet: '#505a5f',
  data: ['#1762b6', '#c95b0a', '#007e57', '#bf308f', '#6e5d14', '#6a34ab', '#1988a3', '#a52932'],
};

export function hueAt({ data, text }: Palette, index: number): string {
  return data[index % data.length] ?? text;
}
