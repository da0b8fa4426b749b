// From what the server sends of a metric to what is drawn. Pure.
import type { SeriesReply } from '../../../app/replies.ts';
import type { ChartData, Series } from '../../../design/chart.tsx';
import type { ValueBar } from '../../../design/value-bars.tsx';

export type Axis = 'step' | 'relative' | 'wall';

/** How charts are drawn. */
export interface ChartSettings {
  readonly x: Axis;
  /** Weight of what was before, from 0 (none) to 1. */
  readonly smooth: number;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
}

/** A run on a chart. */
export interface Drawn {
  readonly id: string;
  readonly name: string;
  readonly startTime: number;
  readonly isRunning: boolean;
  /** Which of the data colours. */
  readonly hue: number;
}

type Bucket = SeriesReply['buckets'][number];

/** Infinities are stored as the greatest finite numbers. */
const GREATEST = 1.797e308;
const MOST_NOTES = 20;

const numberOf = (value: number | 'NaN' | null): number | null =>
  value === 'NaN' || value === null || Math.abs(value) >= GREATEST ? null : value;

function xOf(bucket: Bucket, run: Drawn, axis: Axis, isWhole: boolean): number {
  if (axis === 'wall') return bucket.last.timestamp;
  if (axis === 'relative') return (bucket.last.timestamp - run.startTime) / 1_000;
  return isWhole ? bucket.last.step : bucket.lastStep;
}

/**
 * Exponential moving average without the bias of its start (as Adam's). A bucket of n points counts as n times its mean,
 * so that the line is the same however finely the server has cut it, up to what varies inside a bucket.
 */
export function smoothed(
  points: readonly { readonly value: number | null; readonly count: number }[],
  weight: number,
): (number | null)[] {
  let sum = 0;
  let share = 0;
  return points.map(({ value, count }) => {
    if (value === null) return null;
    const kept = weight ** count;
    sum = sum * kept + value * (1 - kept);
    share = share * kept + (1 - kept);
    return share === 0 ? value : sum / share;
  });
}

interface Line {
  readonly run: Drawn;
  readonly x: readonly number[];
  readonly buckets: readonly Bucket[];
  /** Each bucket is one point. */
  readonly isWhole: boolean;
}

function linesOf(items: readonly SeriesReply[], runs: readonly Drawn[], axis: Axis): Line[] {
  return items.flatMap((item): Line[] => {
    const run = runs.find(({ id }) => id === item.run);
    if (!run || item.buckets.length === 0) return [];
    const isWhole = item.count <= item.buckets.length;
    const placed = item.buckets.map((bucket) => ({ bucket, x: xOf(bucket, run, axis, isWhole) }));
    // Steps are in order already; times need not be.
    if (axis !== 'step') placed.sort((a, b) => a.x - b.x);
    return [{ run, isWhole, x: placed.map(({ x }) => x), buckets: placed.map(({ bucket }) => bucket) }];
  });
}

/** Lines of runs over a common x: the last value of each bucket, its extremes as a band, smoothed where asked. */
export function chartOf(items: readonly SeriesReply[], runs: readonly Drawn[], settings: ChartSettings): ChartData {
  const lines = linesOf(items, runs, settings.x);
  const visible = (x: number): boolean => !settings.isLogX || x > 0;
  const x = [...new Set(lines.flatMap((line) => line.x))].filter(visible).toSorted((a, b) => a - b);
  const at = new Map(x.map((value, index) => [value, index]));
  const series = lines.flatMap((line) => seriesOf(line, at, settings, lines.length === 1));
  const notes = lines.flatMap((line) => notesOf(line, lines.length > 1));
  return {
    xKind: settings.x === 'wall' ? 'time' : settings.x === 'relative' ? 'seconds' : 'step',
    x,
    series,
    isLogX: settings.isLogX && settings.x !== 'wall',
    isLogY: settings.isLogY,
    cursor: `metrics over ${settings.x}`,
    ...(notes.length > 0 && { notes: notes.slice(0, MOST_NOTES) }),
  };
}

function seriesOf(line: Line, at: ReadonlyMap<number, number>, settings: ChartSettings, isAlone: boolean): Series[] {
  const { run, buckets, isWhole } = line;
  const place = (values: readonly (number | null)[]): (number | null | undefined)[] => {
    const placed: (number | null | undefined)[] = Array.from({ length: at.size }, () => undefined);
    for (const [index, value] of values.entries()) {
      const where = at.get(line.x[index] ?? Number.NaN);
      if (where !== undefined) placed[where] = value !== null && settings.isLogY && value <= 0 ? null : value;
    }
    return placed;
  };
  const isSmooth = settings.smooth > 0;
  const last = buckets.map((bucket) => numberOf(bucket.last.value));
  const name = isAlone ? (isWhole ? 'value' : 'last') : run.name;
  const drawn: Series[] = [
    {
      label: isSmooth ? `${name}, as logged` : name,
      values: place(last),
      hue: run.hue,
      ...(isSmooth && { isGhost: true, isUnnamed: true }),
    },
  ];
  if (isSmooth) {
    const means = buckets.map(({ mean, count, nans }) => ({ value: numberOf(mean), count: Math.max(1, count - nans) }));
    drawn.push({ label: isAlone ? 'smoothed' : name, values: place(smoothed(means, settings.smooth)), hue: run.hue });
  }
  if (!isWhole) {
    const [max, min] = isAlone ? ['max', 'min'] : [`${run.id} max`, `${run.id} min`];
    drawn.push(
      { label: max, values: place(buckets.map((b) => numberOf(b.max))), hue: run.hue, bandWith: min, isUnnamed: true },
      { label: min, values: place(buckets.map((b) => numberOf(b.min))), hue: run.hue, bandWith: '', isUnnamed: true },
    );
  }
  return drawn;
}

/** Where values were NaN or infinite: marked, not dropped. */
function notesOf({ run, x, buckets }: Line, isNamed: boolean): { at: number; label: string }[] {
  return buckets.flatMap((bucket, index) => {
    const hasInfinity = [bucket.min, bucket.max].some((value) => value !== null && Math.abs(value) >= GREATEST);
    if (bucket.nans === 0 && !hasInfinity) return [];
    const what = [bucket.nans > 0 ? 'NaN' : '', hasInfinity ? '∞' : ''].filter(Boolean).join(' and ');
    return [{ at: x[index] ?? 0, label: isNamed ? `${what} (${run.name})` : what }];
  });
}

/** The stretch of steps behind a stretch of the x axis; undefined where no point lies in it. */
export function stepsOf(
  [low, high]: readonly [number, number],
  items: readonly SeriesReply[],
  runs: readonly Drawn[],
  axis: Axis,
): readonly [number, number] | undefined {
  if (axis === 'step') return [Math.floor(low), Math.ceil(high)];
  const inside = linesOf(items, runs, axis).flatMap((line) =>
    line.buckets.filter((_, index) => {
      const x = line.x[index] ?? Number.NaN;
      return x >= low && x <= high;
    }),
  );
  if (inside.length === 0) return undefined;
  return [
    inside.reduce((least, bucket) => Math.min(least, bucket.firstStep), Infinity),
    inside.reduce((most, bucket) => Math.max(most, bucket.lastStep), -Infinity),
  ];
}

/** Newer points behind those known. */
export function withTail(items: readonly SeriesReply[], tail: readonly SeriesReply[]): readonly SeriesReply[] {
  return items.map((item) => {
    const more = tail.find(({ run }) => run === item.run);
    const last = item.buckets.at(-1)?.lastStep ?? -Infinity;
    const added = more?.buckets.filter((bucket) => bucket.firstStep > last) ?? [];
    if (added.length === 0) return item;
    const points = added.reduce((sum, bucket) => sum + bucket.count, 0);
    return { ...item, count: item.count + points, buckets: [...item.buckets, ...added] };
  });
}

/** The value of each run, where none has more than one point; empty where one has. */
export function singleValues(items: readonly SeriesReply[], runs: readonly Drawn[]): ValueBar[] {
  if (items.some((item) => item.count > 1)) return [];
  return items.flatMap((item): ValueBar[] => {
    const run = runs.find(({ id }) => id === item.run);
    const [bucket] = item.buckets;
    return run && bucket ? [{ key: run.id, label: run.name, value: bucket.last.value, hue: run.hue }] : [];
  });
}

/** Why there is nothing to draw. */
export function emptyReason(
  items: readonly SeriesReply[],
  runs: readonly Drawn[],
  settings: ChartSettings,
  isZoomed: boolean,
): string {
  const points = items.reduce((sum, item) => sum + item.count, 0);
  if (points === 0 && isZoomed) return 'No point lies in this stretch.';
  if (points === 0) {
    return runs.some((run) => run.isRunning)
      ? 'Nothing was logged yet; it appears here as soon as it is.'
      : runs.length === 1
        ? 'This run has no point of it.'
        : `None of these ${runs.length} runs has a point of it.`;
  }
  const buckets = items.flatMap((item) => item.buckets);
  if (buckets.every((bucket) => bucket.nans === bucket.count)) return 'All its points are NaN.';
  if (settings.isLogY || settings.isLogX)
    return 'No point lies above 0, where a log axis begins. Switch the log axis off.';
  return 'All its points are infinite.';
}

/** A colour for each run that stays with it: by its id, moved on where another has it. */
export function hues(ids: readonly string[]): number[] {
  const taken = new Set<number>();
  return ids.map((id) => {
    let hue = Number.parseInt(id.slice(0, 6), 36) % 8;
    if (taken.size < 8) while (taken.has(hue)) hue = (hue + 1) % 8;
    taken.add(hue);
    return hue;
  });
}
