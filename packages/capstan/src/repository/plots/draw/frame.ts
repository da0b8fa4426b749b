import { hueAt, type Palette } from './palette.ts';
import { escaped, px, shortened, textAt } from './svg-text.ts';
import type { Scale } from './scale.ts';

/** One drawing: its size is that of its coordinates, shown at any. */
export const WIDTH = 640;
export const LEFT = 60;
/** Where the title and the legend begin. */
const EDGE = 12;
export const RIGHT = 18;
const TITLE = 40;
const LEGEND_ROW = 18;
const LETTER_PX = 6.6;

export interface LegendEntry {
  readonly label: string;
  readonly hue: number;
  /** Pattern of the line; empty for a whole one. */
  readonly dash: string;
}

export interface Legend {
  /** Where what is below begins. */
  readonly bottom: number;
  readonly svg: string;
}

/** Names beside their colours, in as many rows as they need. */
export function legendOf(entries: readonly LegendEntry[], palette: Palette): Legend {
  if (entries.length < 2) return { bottom: TITLE, svg: '' };
  let [x, y] = [EDGE, TITLE];
  const parts = entries.map(({ label, hue, dash }) => {
    const shown = shortened(label, 42);
    const width = 30 + shown.length * LETTER_PX;
    if (x > EDGE && x + width > WIDTH - RIGHT) [x, y] = [EDGE, y + LEGEND_ROW];
    const pattern = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
    const part =
      `<path d="M${px(x)} ${y}h18" stroke="${hueAt(palette, hue)}" stroke-width="3"${pattern}/>` +
      textAt(x + 24, y + 4, shown, { fill: palette.text });
    x += width + 12;
    return part;
  });
  return { bottom: y + 14, svg: parts.join('') };
}

export interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly top: number;
  readonly bottom: number;
  readonly left?: number;
  /** Which ticks have a line through the drawing. */
  readonly lines: 'x' | 'y';
}

/** Ticks and names of both axes; that of y stands above it, where it is read without turning the head. */
export function axesOf({ x, y, xLabel, yLabel, top, bottom, left = LEFT, lines }: Axes, palette: Palette): string {
  const { line, quiet } = palette;
  const right = WIDTH - RIGHT;
  const across = lines === 'y' ? y.ticks.map(({ at }) => `M${left} ${px(at)}H${right}`) : [];
  const down = lines === 'x' ? x.ticks.map(({ at }) => `M${px(at)} ${top}V${bottom}`) : [];
  const marks = lines === 'y' ? x.ticks.map(({ at }) => `M${px(at)} ${bottom}v4`) : [];
  return [
    `<path d="${[...across, ...down].join('')}" stroke="${line}" fill="none"/>`,
    `<path d="M${left} ${bottom}H${right}${marks.join('')}" stroke="${quiet}" fill="none" stroke-opacity="0.6"/>`,
    ...y.ticks.map(({ at, text }) =>
      textAt(left - 8, at + 4, shortened(text, Math.floor((left - 10) / LETTER_PX)), { fill: quiet, anchor: 'end' }),
    ),
    ...x.ticks.map(({ at, text }) => textAt(at, bottom + 18, shortened(text, 16), { fill: quiet, anchor: 'middle' })),
    textAt(left, top - 10, shortened(yLabel, 60), { fill: quiet }),
    textAt(right, bottom + 36, shortened(xLabel, 60), { fill: quiet, anchor: 'end' }),
  ].join('');
}

/** The whole file, or what stands in a page. */
export function drawing(
  title: string,
  about: string,
  heightPx: number,
  body: string,
  palette: Palette,
  isFile: boolean,
): string {
  const background = isFile ? `<rect width="100%" height="100%" fill="${palette.surface}"/>` : '';
  const size = isFile ? ` xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${px(heightPx)}"` : '';
  return (
    `<svg${size} viewBox="0 0 ${WIDTH} ${px(heightPx)}" role="img" aria-label="${escaped(about)}" ` +
    `font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" font-size="12">${background}` +
    `${textAt(EDGE, 22, shortened(title, 72), { fill: palette.text, isBold: true, sizePx: 14 })}${body}</svg>`
  );
}
