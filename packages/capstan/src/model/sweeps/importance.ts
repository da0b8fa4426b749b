import type { ParamImportance, SweepSpace, SweepValue, Trial } from '@capstan/api';
import { ranks, rankCorrelation } from '#kernel/statistics/rank-correlation';

/** Fewer values say nothing. */
const LEAST_TRIALS = 4;

/**
 * How closely each parameter and the metric go together, the closest first. Numbers by rank correlation; words by the
 * share of the variance of the metric's ranks that lies between them.
 */
export function importanceOf(space: SweepSpace, trials: readonly Trial[]): ParamImportance[] {
  const valued = trials.filter(({ state, value }) => state === 'succeeded' && value !== null);
  if (valued.length < LEAST_TRIALS) return [];
  const metric = valued.map(({ value }) => value ?? NaN);
  return Object.keys(space)
    .flatMap(
      (param) =>
        paramImportance(
          param,
          valued.map(({ params }) => params[param] ?? null),
          metric,
        ) ?? [],
    )
    .toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
}

function paramImportance(
  param: string,
  values: readonly SweepValue[],
  metric: readonly number[],
): ParamImportance | undefined {
  const isNumeric = values.every((value) => typeof value === 'number');
  const value = isNumeric ? rankCorrelation(values, metric) : shareBetween(values.map(String), ranks(metric));
  if (value === undefined) return undefined;
  return { param, value, kind: isNumeric ? 'rank-correlation' : 'share-of-variance', n: metric.length };
}

/** Eta squared: variance between groups over all of it. */
function shareBetween(groups: readonly string[], values: readonly number[]): number | undefined {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const names = [...new Set(groups)];
  if (total === 0 || names.length < 2) return undefined;
  const between = names.reduce((sum, name) => {
    const own = values.filter((_, index) => groups[index] === name);
    const ownMean = own.reduce((all, value) => all + value, 0) / own.length;
    return sum + own.length * (ownMean - mean) ** 2;
  }, 0);
  return between / total;
}
