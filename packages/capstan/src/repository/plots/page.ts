// One page with all plots: nothing in it is fetched, and nothing in it can run.
import { drawPlot, isKnownTemplate } from './draw/draw-plot.ts';
import { numberOf } from './draw/numbers.ts';
import { extentOf, figureText } from './draw/scale.ts';
import { escaped } from './draw/svg-text.ts';
import type { DrawnPlot, ImagePlot, PlotSeries, PlotSet, PointsPlot } from './model.ts';
import { PAGE_STYLE } from './page-style.ts';

/** @param title of the page, for its heading and the browser’s tab */
export function plotsPage({ revisions, plots, problems }: PlotSet, title: string): string {
  const chips = revisions.map(
    (revision, index) =>
      `<li><span class="chip" style="background:var(--data-${(index % 8) + 1})"></span>${escaped(revision)}</li>`,
  );
  const figures = plots.map((plot) => (plot.kind === 'image' ? imageFigure(plot) : pointsFigure(plot, revisions)));
  const told = problems.map(
    ({ plot, revision, message }) => `<li><b>${escaped(plot)}</b> at ${escaped(revision)}: ${escaped(message)}</li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<ul class="revisions" aria-label="Revisions">${chips.join('')}</ul>
</header>
${told.length > 0 ? `<section class="problems" aria-label="Not drawn"><ul>${told.join('')}</ul></section>` : ''}
<main>
${figures.join('\n')}
</main>
</body>
</html>
`;
}

function pointsFigure(plot: PointsPlot, revisions: readonly string[]): string {
  if (plot.series.length === 0) return nothing(plot);
  const note = isKnownTemplate(plot.template)
    ? ''
    : `<p class="note">The template ${escaped(plot.template)} is one for Vega; these are its points as lines.</p>`;
  const isCounted = plot.template.startsWith('confusion') || plot.template.startsWith('bar_');
  const figures = isCounted ? '' : `<details><summary>Figures</summary>${figuresOf(plot.series)}</details>`;
  return `<figure>${drawPlot(plot, revisions, 'page')}${note}${figures}</figure>`;
}

function figuresOf(series: readonly PlotSeries[]): string {
  const rows = series.map(({ revision, file, field, points }) => {
    const values = points.map(({ y }) => numberOf(y)).filter((value) => Number.isFinite(value));
    const [low, high] = values.length === 0 ? [Number.NaN, Number.NaN] : extentOf(values, 0);
    const [least, most] = low < high && new Set(values).size > 1 ? [low, high] : [values[0], values[0]];
    const cells = [points.length, values.at(-1), least, most].map(
      (value) => `<td>${value === undefined ? '–' : escaped(figureText(value))}</td>`,
    );
    return `<tr><th scope="row">${escaped(revision)}</th><td class="name">${escaped(file)}: ${escaped(field)}</td>${cells.join('')}</tr>`;
  });
  const heads = ['Revision', 'Field', 'n', 'Last', 'Least', 'Greatest'].map((head) => `<th scope="col">${head}</th>`);
  return `<table><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function imageFigure(plot: ImagePlot): string {
  if (plot.images.length === 0) return nothing(plot);
  const images = plot.images.map(
    ({ revision, bytes, type }) =>
      `<div><img alt="${escaped(`${plot.title} at ${revision}`)}" src="data:${type};base64,${bytes.toString('base64')}">` +
      `<span>${escaped(revision)}</span></div>`,
  );
  return `<figure><figcaption>${escaped(plot.title)}</figcaption><div class="images">${images.join('')}</div></figure>`;
}

function nothing({ title }: DrawnPlot): string {
  return `<figure><figcaption>${escaped(title)}</figcaption><p class="note">No revision has data for it.</p></figure>`;
}
