// From values to places on a drawing. Pure.

export interface Scale {
  at(value: number): number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

const TICKS = 8;

/** Least and greatest of the values, with a share of room around; a single one stands in the middle. */
export function extentOf(values: Iterable<number>, room: number): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  // Made small before they are subtracted: the widest range there is would overflow.
  const around = low === high ? Math.abs(low) * 0.1 || 1 : high * room - low * room;
  return [Math.max(-Number.MAX_VALUE, low - around), Math.min(Number.MAX_VALUE, high + around)];
}

export function linearScale([low, high]: readonly [number, number], [from, to]: readonly [number, number]): Scale {
  const at = (value: number): number => from + ((value / 2 - low / 2) / (high / 2 - low / 2)) * (to - from);
  const step = stepOf(high / TICKS - low / TICKS);
  const first = Math.ceil(low / step);
  const count = Math.max(0, Math.floor(high / step) - first + 1);
  const values = Array.from({ length: count }, (_, index) => (first + index) * step);
  return { at, ticks: values.map((value) => ({ at: at(value), text: tickText(value, step) })) };
}

/** Places of names, in their order; ticks are thinned out to what fits. */
export function nameScale(names: readonly string[], [from, to]: readonly [number, number], most: number): Scale {
  const width = (to - from) / Math.max(1, names.length);
  const at = (index: number): number => from + width * (index + 0.5);
  const every = Math.max(1, Math.ceil(names.length / most));
  const shown = names.map((text, index) => ({ at: at(index), text })).filter((_, index) => index % every === 0);
  return { at, ticks: shown };
}

/** 1, 2 or 5 times a power of ten, not less than this. */
function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10);
}

/** As many digits as tell one tick from the next. */
function tickText(value: number, step: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (size >= 1e6 || decimals > 4) {
    const digits = Math.max(0, Math.floor(Math.log10(size)) + (decimals || -Math.floor(Math.log10(step))));
    return value.toExponential(Math.min(6, digits)).replace('e+', 'e');
  }
  return value.toFixed(decimals);
}

/** A figure among words: six digits at most. */
export function figureText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}
