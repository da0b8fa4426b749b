import type { PointsPlot } from '../model.ts';
import { drawing, LEFT, WIDTH, RIGHT } from './frame.ts';
import { nameOfValue, sortedNames } from './numbers.ts';
import { hueAt, type Palette } from './palette.ts';
import { escaped, px, shortened, textAt } from './svg-text.ts';

const GAP = 62;
const MOST_IN_ROW = 3;
const LETTER_PX = 6.6;
/** More classes leave no room for figures. */
const MOST_FIGURES = 14;

/** How often each pair of values stands together: one square of cells for each revision. */
export function drawConfusion(
  plot: PointsPlot,
  revisions: readonly string[],
  palette: Palette,
  isFile: boolean,
): string {
  const isShare = plot.template === 'confusion_normalized';
  const points = plot.series.flatMap((series) => series.points);
  const [columns, rows] = [sortedNames(points.map(({ x }) => x)), sortedNames(points.map(({ y }) => y))];
  const shown = revisions.filter((revision) => plot.series.some((series) => series.revision === revision));
  const inRow = Math.min(MOST_IN_ROW, Math.max(1, shown.length));
  const side = Math.min(300, (WIDTH - LEFT - RIGHT - GAP * (inRow - 1)) / inRow);
  const panels = shown.map((revision, index) => {
    const left = LEFT + (index % inRow) * (side + GAP);
    const top = 66 + Math.floor(index / inRow) * (side + 84);
    return panelOf({ plot, revision, columns, rows, isShare, left, top, side, palette });
  });
  const height = 66 + Math.ceil(shown.length / inRow) * (side + 84) - 22;
  const about = `${plot.title}: ${rows.length} × ${columns.length} classes at ${shown.join(', ')}`;
  return drawing(plot.title, about, height, panels.join(''), palette, isFile);
}

interface Panel {
  readonly plot: PointsPlot;
  readonly revision: string;
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  readonly isShare: boolean;
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly palette: Palette;
}

function panelOf({ plot, revision, columns, rows, isShare, left, top, side, palette }: Panel): string {
  const counts = countsOf(plot, revision);
  const [width, height] = [side / Math.max(1, columns.length), side / Math.max(1, rows.length)];
  const totals = new Map(rows.map((row) => [row, columns.reduce((sum, column) => sum + counts(column, row), 0)]));
  const valueOf = (column: string, row: string): number =>
    isShare ? counts(column, row) / Math.max(1, totals.get(row) ?? 0) : counts(column, row);
  const most = Math.max(...rows.flatMap((row) => columns.map((column) => valueOf(column, row))), Number.MIN_VALUE);
  const cells = rows.flatMap((row, down) =>
    columns.map((column, across) => {
      const [value, x, y] = [valueOf(column, row), left + across * width, top + down * height];
      const share = value / most;
      const text = isShare ? `${(value * 100).toFixed(0)} %` : String(value);
      const hasFigure = Math.max(columns.length, rows.length) <= MOST_FIGURES && text.length * LETTER_PX < width;
      return (
        `<rect x="${px(x + 1)}" y="${px(y + 1)}" width="${px(width - 2)}" height="${px(height - 2)}" rx="2" ` +
        `fill="${hueAt(palette, 0)}" fill-opacity="${px(0.06 + share * 0.94)}"><title>` +
        `${escaped(`${plot.yLabel} ${row}, ${plot.xLabel} ${column}: ${text}`)}</title></rect>` +
        (hasFigure
          ? textAt(x + width / 2, y + height / 2 + 4, text, {
              fill: share > 0.5 ? palette.surface : palette.text,
              anchor: 'middle',
            })
          : '')
      );
    }),
  );
  const fits = Math.max(2, Math.floor(width / LETTER_PX));
  const every = Math.max(1, Math.ceil(rows.length / 20));
  const names = [
    ...rows
      .filter((_, index) => index % every === 0)
      .map((row, index) =>
        textAt(left - 6, top + (index * every + 0.5) * height + 4, shortened(row, 7), {
          fill: palette.quiet,
          anchor: 'end',
        }),
      ),
    ...columns
      .filter((_, index) => index % every === 0)
      .map((column, index) =>
        textAt(left + (index * every + 0.5) * width, top + side + 16, shortened(column, fits * every), {
          fill: palette.quiet,
          anchor: 'middle',
        }),
      ),
    textAt(left, top - 8, `${shortened(revision, 24)}`, { fill: palette.text, isBold: true }),
    textAt(left + side, top - 8, `${shortened(plot.yLabel, 14)} ↓`, { fill: palette.quiet, anchor: 'end' }),
    textAt(left + side, top + side + 34, `${shortened(plot.xLabel, 24)} →`, { fill: palette.quiet, anchor: 'end' }),
  ];
  return [...cells, ...names].join('');
}

function countsOf({ series }: PointsPlot, revision: string): (column: string, row: string) => number {
  const counts = new Map<string, number>();
  const keyOf = (column: string, row: string): string => JSON.stringify([column, row]);
  for (const { points } of series.filter((one) => one.revision === revision)) {
    for (const { x, y } of points) {
      const key = keyOf(nameOfValue(x), nameOfValue(y));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return (column, row) => counts.get(keyOf(column, row)) ?? 0;
}
