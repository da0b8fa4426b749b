// A chart as a drawing of its own: vectors, and its title, axes and legend as text. Pure.
import type { ChartData, Series } from './chart.tsx';
import { figure, moment } from './format.ts';

/** What a drawing needs of the page it is made on. */
export interface Drawing {
  readonly title: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** The value of a custom property: a colour. */
  token(name: string): string;
}

const LEFT = 64;
const RIGHT = 16;
const TOP = 36;
const BOTTOM = 32;
const LEGEND_ROW = 18;
const TICKS = 6;
/** Room above and below the values, as on the screen. */
const ROOM = 0.08;

interface Scale {
  /** Pixels from the left or the top. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** The text of an SVG file. */
export function svgOf(data: ChartData, { title, widthPx, heightPx, token }: Drawing): string {
  const named = data.series.filter((series) => !(series.isUnnamed ?? series.bandWith !== undefined));
  const legendHeight = named.length > 1 ? Math.ceil(named.length / 3) * LEGEND_ROW : 0;
  const bottom = heightPx - BOTTOM - legendHeight;
  const x = scaleOf(extent(data.x, 0), [LEFT, widthPx - RIGHT], data.isLogX === true);
  const values = data.series.flatMap((series) => series.values.filter((value) => value != null));
  const limits = (data.limits ?? []).map((limit) => limit.value);
  const y = scaleOf(extent([...values, ...limits], data.isLogY ? 0 : ROOM), [bottom, TOP], data.isLogY === true);
  const [text, quiet, line] = [token('--text'), token('--text-quiet'), token('--line')];
  const xText = (value: number): string => (data.xKind === 'time' ? moment(value) : figure(value));
  const parts = [
    `<rect width="100%" height="100%" fill="${token('--surface')}"/>`,
    `<text x="${LEFT}" y="20" font-size="14" font-weight="600" fill="${text}">${escaped(title)}</text>`,
    ...y.ticks.map(
      (tick) =>
        `<path d="M${LEFT} ${px(y.at(tick))}H${widthPx - RIGHT}" stroke="${line}"/>` +
        `<text x="${LEFT - 6}" y="${px(y.at(tick) + 4)}" text-anchor="end" fill="${quiet}">${figure(tick)}</text>`,
    ),
    ...x.ticks.map(
      (tick) =>
        `<path d="M${px(x.at(tick))} ${TOP}V${bottom}" stroke="${line}"/>` +
        `<text x="${px(x.at(tick))}" y="${bottom + 18}" text-anchor="middle" fill="${quiet}">${escaped(xText(tick))}</text>`,
    ),
    `<g clip-path="url(#plot)">`,
    ...data.series.map((series, index) => drawn(data, series, index, { x, y, token })),
    ...(data.limits ?? []).map(
      ({ label, value }) =>
        `<path d="M${LEFT} ${px(y.at(value))}H${widthPx - RIGHT}" stroke="${token('--danger')}" stroke-dasharray="4 3"/>` +
        `<text x="${widthPx - RIGHT - 4}" y="${px(y.at(value) - 4)}" text-anchor="end" fill="${token('--danger')}">${escaped(label)}</text>`,
    ),
    ...(data.notes ?? []).map(
      ({ at, label }) =>
        `<path d="M${px(x.at(at))} ${TOP}V${bottom}" stroke="${quiet}" stroke-dasharray="2 3"><title>${escaped(label)}</title></path>`,
    ),
    '</g>',
    ...legendOf(data, named, legendHeight, { widthPx, heightPx, text, token }),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" ` +
    `font-family="system-ui, sans-serif" font-size="12"><title>${escaped(title)}</title>` +
    `<clipPath id="plot"><rect x="${LEFT}" y="${TOP}" width="${widthPx - LEFT - RIGHT}" height="${bottom - TOP}"/></clipPath>` +
    `${parts.join('')}</svg>\n`
  );
}

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
  token(name: string): string;
}

const hueOf = (series: Series, index: number): string => `--data-${((series.hue ?? index) % 8) + 1}`;

function drawn(data: ChartData, series: Series, index: number, { x, y, token }: Scales): string {
  const colour = token(hueOf(series, index));
  const other = data.series.find((candidate) => candidate.label === series.bandWith);
  const band = other
    ? bandPaths(data, series, other, { x, y, token }).map(
        (d) => `<path d="${d}" fill="${colour}" fill-opacity="0.16"/>`,
      )
    : [];
  if (series.isPoints === true) {
    const dots = stretches(data, series).flatMap((stretch) =>
      stretch.map(([at, value]) => `<circle cx="${px(x.at(at))}" cy="${px(y.at(value))}" r="3.5" fill="${colour}"/>`),
    );
    return dots.join('');
  }
  const width = series.bandWith === undefined ? (series.isGhost ? 1 : 2) : 0.5;
  const lines = stretches(data, series).map((stretch) => {
    const d = stretch
      .map(([at, value], place) => `${place === 0 ? 'M' : 'L'}${px(x.at(at))} ${px(y.at(value))}`)
      .join('');
    const first = stretch[0];
    return stretch.length === 1 && first
      ? `<circle cx="${px(x.at(first[0]))}" cy="${px(y.at(first[1]))}" r="3" fill="${colour}"/>`
      : `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}"${series.isGhost ? ' opacity="0.35"' : ''}${series.isDashed ? ' stroke-dasharray="7 4"' : ''}/>`;
  });
  return [...band, ...lines].join('');
}

/** Runs of points without a gap between them: null is one, undefined is none. */
function stretches(data: ChartData, { values }: Series): (readonly [number, number])[][] {
  const found: (readonly [number, number])[][] = [[]];
  for (const [index, value] of values.entries()) {
    if (value === null) found.push([]);
    else if (value !== undefined) found.at(-1)?.push([data.x[index] ?? 0, value]);
  }
  return found.filter((stretch) => stretch.length > 0);
}

function bandPaths(data: ChartData, edge: Series, other: Series, { x, y }: Scales): string[] {
  const both = { ...edge, values: edge.values.map((value, index) => (other.values[index] == null ? null : value)) };
  const place = new Map(data.x.map((at, index) => [at, index]));
  return stretches(data, both).map((stretch) => {
    const there = stretch.map(([at, value]) => `${px(x.at(at))} ${px(y.at(value))}`);
    const back = stretch
      .toReversed()
      .map(([at]) => `${px(x.at(at))} ${px(y.at(other.values[place.get(at) ?? -1] ?? 0))}`);
    return `M${[...there, ...back].join('L')}Z`;
  });
}

function legendOf(
  data: ChartData,
  named: readonly Series[],
  height: number,
  { widthPx, heightPx, text, token }: { widthPx: number; heightPx: number; text: string; token(name: string): string },
): string[] {
  if (height === 0) return [];
  const column = (widthPx - LEFT - RIGHT) / 3;
  return named.map((series, place) => {
    const left = LEFT + (place % 3) * column;
    const top = heightPx - height + Math.floor(place / 3) * LEGEND_ROW;
    return (
      `<rect x="${px(left)}" y="${px(top)}" width="12" height="4" fill="${token(hueOf(series, data.series.indexOf(series)))}"/>` +
      `<text x="${px(left + 18)}" y="${px(top + 6)}" fill="${text}">${escaped(series.label)}</text>`
    );
  });
}

/** Least and greatest, with room around; a single value stands in the middle. */
function extent(values: readonly number[], room: number): readonly [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!Number.isFinite(low)) return [0, 1];
  if (low === high) return [low - 1, high + 1];
  // Made small before they are subtracted: the widest range there is would overflow.
  const around = high * room - low * room;
  return [Math.max(-Number.MAX_VALUE, low - around), Math.min(Number.MAX_VALUE, high + around)];
}

function scaleOf([low, high]: readonly [number, number], [from, to]: readonly [number, number], isLog: boolean): Scale {
  if (isLog && low > 0) {
    const [first, last] = [Math.log10(low), Math.log10(high)];
    const powers = Array.from(
      { length: Math.floor(last) - Math.ceil(first) + 1 },
      (_, index) => Math.ceil(first) + index,
    );
    return {
      at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from),
      ticks: powers.length > 1 ? powers.map((power) => 10 ** power) : [low, high],
    };
  }
  const step = stepOf(high / TICKS - low / TICKS);
  const first = Math.ceil(low / step);
  const count = Math.max(0, Math.floor(high / step) - first + 1);
  return {
    at: (value) => from + ((value / 2 - low / 2) / (high / 2 - low / 2)) * (to - from),
    ticks: Array.from({ length: count }, (_, index) => (first + index) * step),
  };
}

/** 1, 2 or 5 times a power of ten, not less than this. */
function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10);
}

const px = (value: number): string => String(Math.round(value * 100) / 100);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
