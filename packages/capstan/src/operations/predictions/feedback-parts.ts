import { digestOf } from '#kernel/digest';
import type { FeatureFile } from './queries.store.ts';

// Labelled predictions are kept in files, each for a span of event time, so that an export writes only spans in which
// something has changed. Spans do not overlap and an example is in one of them, so no example is there twice.

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** A Monday. */
const FIRST_EDGE = Date.parse('1970-01-05T00:00:00Z');
/** Event times come from callers: a wild one must not make thousands of files. */
const MAX_PARTS = 256;
/** Raised when the same rows would be written otherwise: files written before are then not taken for them. */
const RECIPE_VERSION = 1;

export interface Span {
  /** Event time, in. */
  readonly from: number;
  /** Event time, out. */
  readonly before: number;
}

/** Names of the columns in the dataset. */
export interface ColumnNames {
  readonly id: string;
  readonly time: string;
  readonly label: string;
}

export interface PartColumn {
  readonly name: string;
  readonly storageType: string;
}

/** A span with what its file is made of. */
export interface Part extends Span {
  readonly files: readonly FeatureFile[];
  /** Digest of what decides the content, beside the labels. */
  readonly recipe: string;
}

/** Up to where labels have been looked at. */
export interface AsOf {
  readonly labels: number;
  readonly corrections: number;
}

/** A part that was written before. */
export interface WrittenPart extends Span {
  readonly recipe: string;
  readonly columns: readonly PartColumn[];
  /** Null where it has no rows. */
  readonly file: { readonly digest: `sha256:${string}`; readonly sizeBytes: number } | null;
  readonly rows: number;
  readonly asOf: AsOf;
}

/** An event time with examples whose labels have become known or have changed, with the last number of that. */
export interface Change {
  readonly eventTime: number;
  readonly kind: keyof AsOf;
  readonly number: number;
}

/** The window in weeks, or in longer spans where it is very long; those without features are left out. */
export function partsOf(window: Span, files: readonly FeatureFile[], names: ColumnNames): Part[] {
  if (files.length === 0) return [];
  const low = Math.max(window.from, Math.min(...files.map(({ minEventTime }) => minEventTime)));
  const high = Math.min(window.before, Math.max(...files.map(({ maxEventTime }) => maxEventTime)) + 1);
  let width = WEEK_MS;
  while ((high - low) / width > MAX_PARTS) width *= 2;
  const parts: Part[] = [];
  for (let edge = FIRST_EDGE + Math.floor((low - FIRST_EDGE) / width) * width; edge < high; edge += width) {
    const span = { from: Math.max(edge, window.from), before: Math.min(edge + width, window.before) };
    const mine = files.filter((file) => file.maxEventTime >= span.from && file.minEventTime < span.before);
    if (mine.length > 0) parts.push({ ...span, files: mine, recipe: recipeOf(window, mine, names) });
  }
  return parts;
}

function recipeOf({ from }: Span, files: readonly FeatureFile[], names: ColumnNames): string {
  const features = files.map(({ digest }) => digest).toSorted();
  return digestOf({ version: RECIPE_VERSION, from, names: { ...names }, features });
}

/** The written part that holds what the part must hold; undefined where it must be written. */
export function standing(
  part: Part,
  written: ReadonlyMap<number, WrittenPart>,
  changes: readonly Change[],
): WrittenPart | undefined {
  const same = written.get(part.from);
  if (same?.before !== part.before || same.recipe !== part.recipe) return undefined;
  const isChanged = changes.some(
    ({ eventTime, kind, number }) => eventTime >= part.from && eventTime < part.before && number > same.asOf[kind],
  );
  return isChanged ? undefined : same;
}

/** The name of a part's file. */
export function partName(deployment: string, { from, before }: Span): string {
  const instant = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(':', '');
  return `${deployment}-${instant(from)}-${instant(before)}.parquet`;
}
