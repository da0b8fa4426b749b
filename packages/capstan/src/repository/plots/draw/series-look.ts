import type { PointsPlot, PlotSeries } from '../model.ts';
import type { LegendEntry } from './frame.ts';

/** A colour and a pattern for each series: colours tell revisions apart, patterns the fields of one. */
export interface Look {
  readonly hue: number;
  readonly dash: string;
}

const DASHES = ['', '7 4', '2 3', '10 3 2 3', '4 4'];

export interface Looks {
  of(series: PlotSeries): Look;
  readonly legend: readonly LegendEntry[];
}

/** @param revisions of the whole page: one has the same colour in every plot */
export function looksOf({ series, revisions: shown }: PointsPlot, revisions: readonly string[]): Looks {
  const several = (values: readonly string[]): boolean => new Set(values).size > 1;
  const hasFiles = several(series.map(({ file }) => file));
  const hasFields = several(series.map(({ field }) => field));
  const nameOf = ({ file, field }: PlotSeries): string =>
    [...(hasFiles ? [file] : []), ...(hasFields || !hasFiles ? [field] : [])].join(': ');
  const names = [...new Set(series.map(nameOf))];
  const isOne = shown.length < 2 && revisions.length < 2;
  const of = (one: PlotSeries): Look => {
    const [place, name] = [revisions.indexOf(one.revision), names.indexOf(nameOf(one))];
    return isOne ? { hue: name, dash: '' } : { hue: Math.max(0, place), dash: DASHES[name % DASHES.length] ?? '' };
  };
  const labelOf = (one: PlotSeries): string => {
    if (isOne) return nameOf(one);
    return names.length > 1 ? `${one.revision} · ${nameOf(one)}` : one.revision;
  };
  return { of, legend: series.map((one) => ({ label: labelOf(one), ...of(one) })) };
}
