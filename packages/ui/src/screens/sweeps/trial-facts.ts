// Trials as charts take them. Pure.
import type { SweepReply, TrialReply } from '../../app/replies.ts';
import type { ChartData } from '../../design/chart.tsx';
import type { Dimension } from '../../design/dimension.ts';
import { figure } from '../../design/format.ts';

/** Trials with a value by their number, and the best value up to each. */
export function historyOf({ items, metric }: Pick<SweepReply, 'items' | 'metric'>): ChartData {
  const valued = items.filter((trial) => trial.state === 'succeeded' && trial.value !== null);
  const values = valued.map((trial) => trial.value ?? NaN);
  const better = metric.goal === 'minimise' ? Math.min : Math.max;
  const best = values.reduce<number[]>((so, value) => [...so, better(value, so.at(-1) ?? value)], []);
  return {
    xKind: 'trial',
    x: valued.map(({ number }) => number),
    series: [
      { label: 'best so far', values: best, hue: 0 },
      { label: metric.name, values, hue: 1, isPoints: true },
    ],
  };
}

/** An axis for each parameter, and one for the metric. */
export function dimensionsOf({ params, metric, items }: Pick<SweepReply, 'params' | 'metric' | 'items'>): Dimension[] {
  const axes = Object.entries(params).map(([param, axis]): Dimension => {
    const given = items.map((trial) => trial.params[param]);
    const isNumeric = given.every((value) => typeof value === 'number');
    const values = given.map((value) => (typeof value === 'number' && isNumeric ? value : wordOf(value)));
    const words = isNumeric ? undefined : [...new Set(values.map(String))].toSorted();
    return { id: `params.${param}`, values, words, isLog: !Array.isArray(axis) && axis.log };
  });
  const values = items.map(({ value }) => value ?? undefined);
  return [...axes, { id: `metrics.${metric.name}`, values, words: undefined }];
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Colour of a trial by its value: from the best to the worst; grey where it has none. */
export function colourOf({ metric, items }: Pick<SweepReply, 'metric' | 'items'>): (trial: TrialReply) => string {
  const values = items.flatMap(({ value }) => value ?? []);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return ({ value }) => {
    if (value === null) return 'var(--line-strong)';
    const share = high === low ? 0 : (value - low) / (high - low);
    return shadeOf(metric.goal === 'minimise' ? share : 1 - share);
  };
}

/** 0 is the best, 1 the worst. */
export function shadeOf(share: number): string {
  return `color-mix(in oklab, var(--data-2) ${Math.round(share * 100)}%, var(--data-1))`;
}

/** A trial's point as `capstan exp run` takes it. */
export function settingsOf({ params }: TrialReply): string {
  return Object.entries(params)
    .map(([param, value]) => `-S ${param}=${JSON.stringify(value)}`)
    .join(' ');
}

export function valueText(value: unknown): string {
  return typeof value === 'number' ? figure(value) : wordOf(value);
}
