// Words of plots: what is to be drawn, and the points of each revision. Pure.
import type { ParamValue } from '#kernel/pipeline-definition';

/** How a plot is drawn; what is not said is inferred from its data. */
export interface PlotProperties {
  readonly template?: string;
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Of tables: false where the first row holds values. */
  readonly hasHeader?: boolean;
}

/** A field of a file. */
export interface FieldOf {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly field: string;
}

/** A plot as one state defines it. */
export interface PlotDefinition {
  /** The file that it shows, or its name where its axes name files. */
  readonly id: string;
  /** The dvc.yaml that has it beside its stages; empty for a plot of a stage, or a file that was asked for. */
  readonly source: string;
  readonly properties: PlotProperties;
  /** Empty: the number of the row. A single field without a file counts for every file of `y`. */
  readonly x: readonly FieldOf[] | string;
  /** Undefined: the last field of the file. */
  readonly y: readonly FieldOf[] | undefined;
}

/** A row of what is drawn. */
export type Datapoint = ReadonlyMap<string, ParamValue>;

/** Rows of one field at one revision, with `x` and `y` taken out. */
export interface PlotSeries {
  readonly revision: string;
  readonly file: string;
  readonly field: string;
  readonly points: readonly { readonly x: ParamValue; readonly y: ParamValue }[];
}

export interface PointsPlot {
  readonly kind: 'points';
  readonly id: string;
  readonly title: string;
  readonly template: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly revisions: readonly string[];
  readonly series: readonly PlotSeries[];
}

export interface ImagePlot {
  readonly kind: 'image';
  readonly id: string;
  readonly title: string;
  readonly images: readonly { readonly revision: string; readonly bytes: Buffer; readonly type: string }[];
}

export type DrawnPlot = PointsPlot | ImagePlot;

/** What could not be drawn, and why. */
export interface PlotProblem {
  readonly plot: string;
  readonly revision: string;
  readonly message: string;
}

export interface PlotSet {
  readonly revisions: readonly string[];
  readonly plots: readonly DrawnPlot[];
  readonly problems: readonly PlotProblem[];
}

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** Media type of a file that is shown as it is; undefined for data. */
export function imageType(path: string): string | undefined {
  return IMAGE_TYPES[/\.\w+$/.exec(path)?.[0].toLowerCase() ?? ''];
}
