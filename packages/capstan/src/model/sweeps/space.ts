// What a search may try: points of a grid, and points drawn at random. Pure: chance comes from the seed alone.
import type { SweepAxis, SweepRange, SweepSpace, SweepValue } from '@capstan/api';
import { sha256 } from '#kernel/digest';

export type Point = Readonly<Record<string, SweepValue>>;

const DEFAULT_FILE = 'params.yaml';

/** `key` or `file:key`, as `capstan exp run -S` names parameters. */
export function placeOf(param: string): { readonly file: string; readonly key: string } {
  const colon = param.lastIndexOf(':');
  return colon < 0 ? { file: DEFAULT_FILE, key: param } : { file: param.slice(0, colon), key: param.slice(colon + 1) };
}

/** A point as a pipeline run takes it: by file, then by key. */
export function overridesOf(point: Point): Record<string, Record<string, SweepValue>> {
  const overrides: Record<string, Record<string, SweepValue>> = {};
  for (const [param, value] of Object.entries(point)) {
    const { file, key } = placeOf(param);
    (overrides[file] ??= {})[key] = value;
  }
  return overrides;
}

/** How many values an axis has; undefined for one that has no end of them. */
export function sizeOf(axis: SweepAxis): number | undefined {
  if (isList(axis)) return axis.length;
  const step = axis.step ?? (axis.type === 'int' ? 1 : undefined);
  return step === undefined ? undefined : stepsOf(axis, step);
}

/** How many points a grid has; undefined where an axis has no end of values. */
export function gridSize(space: SweepSpace): number | undefined {
  return Object.values(space).reduce<number | undefined>((size, axis) => {
    const own = sizeOf(axis);
    return size === undefined || own === undefined ? undefined : size * own;
  }, 1);
}

/** The point of a grid at a place from 0 on; the last parameter changes fastest. */
export function gridPoint(space: SweepSpace, place: number): Point {
  const values: [string, SweepValue][] = [];
  let rest = place;
  for (const [param, axis] of Object.entries(space).toReversed()) {
    const size = sizeOf(axis) ?? 1;
    values.unshift([param, valueAt(axis, rest % size)]);
    rest = Math.floor(rest / size);
  }
  return Object.fromEntries(values);
}

/** The point that a seed gives to a trial: the same for the same seed and number, whatever was drawn before. */
export function randomPoint(space: SweepSpace, seed: number, number: number): Point {
  return Object.fromEntries(
    Object.entries(space).map(([param, axis]) => [param, drawn(axis, uniform(`${seed} ${number} ${param}`))]),
  );
}

const DIGITS = 13;

/** Evenly spread over 0 (included) to 1 (excluded): the first 52 bits of a digest. */
function uniform(text: string): number {
  return Number.parseInt(sha256(text).slice(0, DIGITS), 16) / 16 ** DIGITS;
}

function drawn(axis: SweepAxis, chance: number): SweepValue {
  if (!isList(axis) && axis.log) return drawnByMagnitude(axis, chance);
  const size = sizeOf(axis);
  if (size !== undefined) return valueAt(axis, Math.floor(chance * size));
  if (isList(axis)) return null;
  return within(axis, axis.min + chance * (axis.max - axis.min));
}

/** A whole number stands for all that would be rounded to it. */
function drawnByMagnitude(range: SweepRange, chance: number): number {
  const half = range.type === 'int' ? 0.5 : 0;
  const low = Math.log(range.min - half);
  const high = Math.log(range.max + half);
  const value = Math.exp(low + chance * (high - low));
  return within(range, range.type === 'int' ? Math.round(value) : value);
}

function within({ min, max }: SweepRange, value: number): number {
  return Math.min(max, Math.max(min, value));
}

function valueAt(axis: SweepAxis, place: number): SweepValue {
  if (isList(axis)) return axis[place] ?? null;
  return within(axis, plain(axis.min + place * (axis.step ?? 1)));
}

/** Steps from the least to the greatest value, both counted; what a float's rounding leaves out belongs to it. */
function stepsOf({ min, max }: SweepRange, step: number): number {
  return Math.floor((max - min) / step + 1e-9) + 1;
}

/** 0.3 for 0.30000000000000004. */
function plain(value: number): number {
  return Number(value.toPrecision(12));
}

export function isList(axis: SweepAxis): axis is SweepValue[] {
  return Array.isArray(axis);
}
