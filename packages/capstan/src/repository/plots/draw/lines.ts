import type { PointsPlot, PlotSeries } from '../model.ts';
import { axesOf, drawing, LEFT, legendOf, RIGHT, WIDTH } from './frame.ts';
import { nameOfValue, numberOf } from './numbers.ts';
import { hueAt, type Palette } from './palette.ts';
import { extentOf, figureText, linearScale, nameScale, type Scale } from './scale.ts';
import { looksOf, type Look } from './series-look.ts';
import { smoothed } from './smooth.ts';
import { escaped, px } from './svg-text.ts';
import { thinned, type Point } from './thin.ts';

const PLOT_HEIGHT = 250;
/** More of them would hide the line. */
const MOST_DOTS = 60;
const MOST_NAMES = 8;

/** A line or a cloud of points for each series. */
export function drawLines(plot: PointsPlot, revisions: readonly string[], palette: Palette, isFile: boolean): string {
  const looks = looksOf(plot, revisions);
  const legend = legendOf(looks.legend, palette);
  const [top, bottom] = [legend.bottom + 26, legend.bottom + 26 + PLOT_HEIGHT];
  const names = namesOfX(plot.series);
  const placeOf = new Map(names?.map((name, index) => [name, index]));
  const all = plot.series.map((series) =>
    series.points.flatMap(({ x, y }): Point[] => {
      const at = names ? (placeOf.get(nameOfValue(x)) ?? 0) : numberOf(x);
      return Number.isFinite(at) ? [{ x: at, y: numberOf(y), text: nameOfValue(x) }] : [];
    }),
  );
  const flat = all.flat();
  const y = linearScale(extentOf(values(flat, 'y'), 0.06), [bottom, top]);
  const x: Scale = names
    ? nameScale(names, [LEFT, WIDTH - RIGHT], MOST_NAMES)
    : linearScale(extentOf(values(flat, 'x'), plot.template.startsWith('scatter') ? 0.03 : 0), [LEFT, WIDTH - RIGHT]);
  const body = plot.series.map((series, index) => {
    const points = all[index] ?? [];
    const look = looks.of(series);
    return plot.template.startsWith('scatter')
      ? dots(points, { x, y }, look, palette, series, 3.5)
      : lineOf(points, { x, y }, look, palette, series, plot.template === 'smooth');
  });
  const axes = axesOf({ x, y, xLabel: plot.xLabel, yLabel: plot.yLabel, top, bottom, lines: 'y' }, palette);
  return drawing(plot.title, aboutLines(plot), bottom + 46, legend.svg + axes + body.join(''), palette, isFile);
}

function* values(points: readonly Point[], axis: 'x' | 'y'): Iterable<number> {
  for (const point of points) yield point[axis];
}

/** Where x is no number in some row, its values are names, in the order of the rows. */
function namesOfX(series: readonly PlotSeries[]): string[] | undefined {
  const areNumbers = series.every(({ points }) => points.every(({ x }) => Number.isFinite(numberOf(x))));
  return areNumbers ? undefined : [...new Set(series.flatMap(({ points }) => points.map(({ x }) => nameOfValue(x))))];
}

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

function lineOf(
  points: readonly Point[],
  scales: Scales,
  look: Look,
  palette: Palette,
  series: PlotSeries,
  isSmooth: boolean,
): string {
  const colour = hueAt(palette, look.hue);
  const dash = look.dash === '' ? '' : ` stroke-dasharray="${look.dash}"`;
  const path = (line: readonly Point[], style: string): string =>
    `<path d="${pathOf(line, scales)}" fill="none" stroke="${colour}" stroke-linejoin="round"${style}${dash}/>`;
  const drawn = thinned(points.toSorted((a, b) => a.x - b.x));
  const lines = isSmooth
    ? path(drawn, ' stroke-width="1" stroke-opacity="0.3"') + path(smoothed(drawn), ' stroke-width="2"')
    : path(drawn, ' stroke-width="2"');
  const known = drawn.filter(({ y }) => Number.isFinite(y));
  const shown = known.length <= MOST_DOTS ? known : known.slice(-1);
  return lines + (isSmooth ? '' : dots(shown, scales, look, palette, series, shown.length > 30 ? 2 : 3));
}

/** A value that is no number is a gap. */
function pathOf(points: readonly Point[], { x, y }: Scales): string {
  let isOpen = false;
  const steps: string[] = [];
  for (const point of points) {
    if (!Number.isFinite(point.y)) isOpen = false;
    else {
      steps.push(`${isOpen ? 'L' : 'M'}${px(x.at(point.x))} ${px(y.at(point.y))}`);
      isOpen = true;
    }
  }
  return steps.join('');
}

function dots(
  points: readonly Point[],
  { x, y }: Scales,
  { hue }: Look,
  palette: Palette,
  { revision, field }: PlotSeries,
  radiusPx: number,
): string {
  const circles = points
    .filter((point) => Number.isFinite(point.y))
    .map(
      (point) =>
        `<circle cx="${px(x.at(point.x))}" cy="${px(y.at(point.y))}" r="${radiusPx}">` +
        `<title>${escaped(`${revision} · ${field} ${figureText(point.y)} at ${point.text}`)}</title></circle>`,
    );
  return `<g fill="${hueAt(palette, hue)}" fill-opacity="0.85">${circles.join('')}</g>`;
}

function aboutLines({ title, series }: PointsPlot): string {
  const told = series.map(({ revision, field, points }) => {
    const [low, high] = extentOf(
      points.map(({ y }) => numberOf(y)),
      0,
    );
    return `${revision}, ${field}: ${points.length} values from ${figureText(low)} to ${figureText(high)}`;
  });
  return `${title}. ${told.slice(0, 6).join('. ')}`;
}
