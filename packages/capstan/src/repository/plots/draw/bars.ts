import type { PointsPlot } from '../model.ts';
import { axesOf, drawing, legendOf, RIGHT, WIDTH } from './frame.ts';
import { nameOfValue, numberOf } from './numbers.ts';
import { hueAt, type Palette } from './palette.ts';
import { extentOf, figureText, linearScale, nameScale } from './scale.ts';
import { looksOf } from './series-look.ts';
import { escaped, px } from './svg-text.ts';

const LEFT = 150;
const BAR_PX = 14;
const MOST_BARS = 60;

/** A bar for each name of y as long as its x, those of revisions side by side. */
export function drawBars(plot: PointsPlot, revisions: readonly string[], palette: Palette, isFile: boolean): string {
  const looks = looksOf(plot, revisions);
  const legend = legendOf(looks.legend, palette);
  const top = legend.bottom + 26;
  const names = namesOf(plot).slice(0, MOST_BARS);
  const group = plot.series.length * BAR_PX + 10;
  const bottom = top + names.length * group;
  const lengths = plot.series.flatMap(({ points }) => points.map(({ x }) => numberOf(x)));
  const [low, high] = extentOf([0, ...lengths], 0.02);
  const x = linearScale([lengths.some((length) => length < 0) ? low : 0, high], [LEFT, WIDTH - RIGHT]);
  const y = nameScale(names, [top, bottom], MOST_BARS);
  const placeOf = new Map(names.map((name, index) => [name, index]));
  const bars = plot.series.flatMap((series, index) =>
    series.points.map((point) => {
      const place = placeOf.get(nameOfValue(point.y));
      const length = numberOf(point.x);
      if (place === undefined || !Number.isFinite(length)) return '';
      const [from, to] = [Math.min(x.at(0), x.at(length)), Math.max(x.at(0), x.at(length))];
      const title = `${series.revision} · ${nameOfValue(point.y)}: ${figureText(length)}`;
      return (
        `<rect x="${px(from)}" y="${px(top + place * group + 5 + index * BAR_PX)}" width="${px(to - from)}" ` +
        `height="${BAR_PX - 2}" rx="2" fill="${hueAt(palette, looks.of(series).hue)}"><title>${escaped(title)}</title></rect>`
      );
    }),
  );
  const axes = axesOf({ x, y, xLabel: plot.xLabel, yLabel: plot.yLabel, top, bottom, left: LEFT, lines: 'x' }, palette);
  const about = `${plot.title}: ${names.length} bars at ${plot.revisions.join(', ')}`;
  return drawing(plot.title, about, bottom + 46, legend.svg + axes + bars.join(''), palette, isFile);
}

/** In the order of the rows, or longest first. */
function namesOf({ series, template }: PointsPlot): string[] {
  const lengths = new Map<string, number>();
  for (const { x, y } of series.flatMap(({ points }) => points)) {
    const [name, length] = [nameOfValue(y), numberOf(x)];
    lengths.set(name, Math.max(lengths.get(name) ?? Number.NEGATIVE_INFINITY, Number.isFinite(length) ? length : 0));
  }
  const names = [...lengths];
  return (template === 'bar_horizontal_sorted' ? names.toSorted(([, a], [, b]) => b - a) : names).map(([name]) => name);
}
