import type { PointsPlot } from '../model.ts';
import { drawBars } from './bars.ts';
import { drawConfusion } from './confusion.ts';
import { drawLines } from './lines.ts';
import { filePalette, pagePalette } from './palette.ts';

/** Templates that are drawn as they are meant; others are drawn as lines, which is said. */
const TEMPLATES = new Set([
  'linear',
  'simple',
  'scatter',
  'scatter_jitter',
  'smooth',
  'confusion',
  'confusion_normalized',
  'bar_horizontal',
  'bar_horizontal_sorted',
]);

export function isKnownTemplate(template: string): boolean {
  return TEMPLATES.has(template);
}

/**
 * A drawing of a plot as SVG text.
 * @param revisions of all plots that are shown together, for their colours
 * @param place a page gives the colours of its theme; a file has its own
 */
export function drawPlot(plot: PointsPlot, revisions: readonly string[], place: 'page' | 'file'): string {
  const palette = place === 'page' ? pagePalette : filePalette;
  const draw = plot.template.startsWith('confusion')
    ? drawConfusion
    : plot.template.startsWith('bar_')
      ? drawBars
      : drawLines;
  return draw(plot, revisions, palette, place === 'file');
}
