import { mkdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { drawPlot } from './draw/draw-plot.ts';
import type { DrawnPlot, PlotSet } from './model.ts';
import { plotsPage } from './page.ts';

/**
 * Writes one page that needs nothing else.
 * @param folder absolute; made where it is not there
 * @returns path of the page
 */
export function writePlotsPage(set: PlotSet, folder: string, title: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'index.html');
  writeFileSync(file, plotsPage(set, title));
  return file;
}

/** Writes a file for each plot: drawings as SVG, pictures as they are, one for each revision. Returns their paths. */
export function writePlotFiles({ plots, revisions }: PlotSet, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const taken = new Set<string>();
  return plots.flatMap((plot) =>
    contentsOf(plot, revisions).map(({ name, suffix, content }) => {
      const file = join(folder, `${freeName(name, suffix, taken)}${suffix}`);
      writeFileSync(file, content);
      return file;
    }),
  );
}

interface PlotFile {
  readonly name: string;
  readonly suffix: string;
  readonly content: string | Buffer;
}

function contentsOf(plot: DrawnPlot, revisions: readonly string[]): PlotFile[] {
  if (plot.kind === 'points') {
    return plot.series.length === 0
      ? []
      : [{ name: plot.id, suffix: '.svg', content: `${drawPlot(plot, revisions, 'file')}\n` }];
  }
  const suffix = extname(plot.id);
  const stem = plot.id.slice(0, plot.id.length - suffix.length);
  return plot.images.map(({ revision, bytes }) => ({ name: `${stem}@${revision}`, suffix, content: bytes }));
}

/** A name of one folder, told apart from those before it by a number. */
function freeName(name: string, suffix: string, taken: Set<string>): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}._@-]+/gu, '_').replace(/^\.+/, '') || 'plot';
  let free = plain;
  for (let number = 2; taken.has(`${free}${suffix}`.toLowerCase()); number++) free = `${plain}-${number}`;
  taken.add(`${free}${suffix}`.toLowerCase());
  return free;
}
