// What drawn things are placed by. Pure.

/** A thing that others are placed by: a metric, or a param that may be a number or a word. */
export interface Dimension {
  /** `metrics.loss`, `params.model`. */
  readonly id: string;
  readonly values: readonly (number | string | undefined)[];
  /** Words in order, where it is not of numbers. */
  readonly words: readonly string[] | undefined;
  /** Numbers stand by their order of magnitude; all are greater than 0 then. */
  readonly isLog?: boolean;
}

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Ends of a dimension; of words, their places from 0. */
export function scaleOf(dimension: Dimension): Scale {
  const { values, words } = dimension;
  if (words) return { low: 0, high: Math.max(1, words.length - 1) };
  const places = values.flatMap((value) => placeOf(dimension, value) ?? []);
  const low = places.reduce((a, b) => Math.min(a, b), Infinity);
  const high = places.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(low)) return { low: 0, high: 1 };
  return low === high ? { low: low - 1, high: high + 1 } : { low, high };
}

/** A value as a number on the scale; undefined where there is none. */
export function placeOf({ words, isLog }: Dimension, value: number | string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (words) return words.indexOf(String(value));
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return isLog ? Math.log10(value) : value;
}

/** The number that stands at a place of the scale. */
export function numberAt({ isLog }: Dimension, place: number): number {
  return isLog ? 10 ** place : place;
}
