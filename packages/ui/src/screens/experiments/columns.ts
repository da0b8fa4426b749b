// Columns of tables of runs: how they are named, ordered by and valued. Pure.
import type { RunSummary } from '../../app/replies.ts';

export type ColumnKind = 'metrics' | 'params' | 'tags';
/** Which value of a metric a cell shows. */
export type MetricValue = 'last' | 'min' | 'max' | 'best';
export const metricValues = ['last', 'min', 'max', 'best'] as const satisfies readonly MetricValue[];

export const keyOf = (column: string): string => column.slice(column.indexOf('.') + 1);

export function kindOf(column: string): ColumnKind {
  return column.startsWith('metrics.') ? 'metrics' : column.startsWith('params.') ? 'params' : 'tags';
}

/** `layer_1/` of `layer_1/probe`, `block.` of `block.size`: everything up to the last separator. */
export function splitKey(key: string): readonly [prefix: string, name: string] {
  const at = Math.max(key.lastIndexOf('/'), key.lastIndexOf('.', key.length - 2));
  return at <= 0 ? ['', key] : [key.slice(0, at + 1), key.slice(at + 1)];
}

/** A key as MLflow's search language takes it: in back-quotes where it is no plain word. */
export function fieldOf(column: string): string {
  const key = keyOf(column);
  return /^\w+$/.test(key) ? column : `${kindOf(column)}.\`${key.replaceAll('`', '``')}\``;
}

const LESS_IS_BETTER = /loss|err|rmse|mse\b|mae\b|mape|perplexity|deviance|latency|duration|time|brier|regret/i;

/** Whether the best value of a metric is its least, by what its name says. */
export function isLessBetter(key: string): boolean {
  return LESS_IS_BETTER.test(key);
}

/** `best` is the least or the greatest. */
export function concrete(value: MetricValue, key: string): 'last' | 'min' | 'max' {
  return value === 'best' ? (isLessBetter(key) ? 'min' : 'max') : value;
}

export function metricOf(run: RunSummary, key: string, value: MetricValue): number | 'NaN' | null | undefined {
  const metric = run.metrics[key];
  if (!metric) return undefined;
  const which = concrete(value, key);
  return which === 'last' ? metric.value : metric[which];
}

/** Columns before anybody chose: what most of the newest runs have, without what the machine measured of itself. */
export function firstColumns(runs: readonly RunSummary[], count: number): string[] {
  const keys = (kind: 'metrics' | 'params'): string[] => {
    const found = new Map<string, number>();
    for (const key of runs.flatMap((run) => Object.keys(run[kind]))) found.set(key, (found.get(key) ?? 0) + 1);
    return [...found.keys()]
      .filter((key) => !key.startsWith('system/'))
      .toSorted((a, b) => (found.get(b) ?? 0) - (found.get(a) ?? 0))
      .slice(0, count)
      .map((key) => `${kind}.${key}`);
  };
  return [...keys('metrics'), ...keys('params')];
}
