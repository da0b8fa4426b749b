import type { MonitorWindow } from '../../app/replies.ts';
import { Chart } from '../../design/chart.tsx';

/** Loss of the answers and of the constant, and their difference with its limits. */
export function PerformanceChart({ windows }: { windows: readonly MonitorWindow[] }) {
  const x = windows.map(({ from }) => from);
  const of = (value: (performance: NonNullable<MonitorWindow['performance']>) => number | null | undefined) =>
    windows.map(({ performance }) => (performance ? (value(performance) ?? null) : null));
  return (
    <>
      <Chart
        title="Loss less that of the baseline"
        unit="by window, with 95 % limits; below 0 is better than doing nothing"
        heightPx={200}
        data={{
          xKind: 'time',
          x,
          series: [
            { label: 'difference', values: of(({ difference }) => difference?.mean), hue: 0 },
            {
              label: 'lower limit',
              values: of(({ difference }) => difference?.lower),
              bandWith: 'upper limit',
              hue: 0,
            },
            {
              label: 'upper limit',
              values: of(({ difference }) => difference?.upper),
              bandWith: 'lower limit',
              hue: 0,
            },
          ],
          limits: [{ label: 'no better than the baseline', value: 0 }],
        }}
        empty="No window had enough labels."
      />
      <Chart
        title="Loss"
        unit="mean of a window"
        heightPx={200}
        data={{
          xKind: 'time',
          x,
          series: [
            { label: 'answers', values: of(({ modelLoss }) => modelLoss), hue: 0 },
            { label: 'baseline', values: of(({ baselineLoss }) => baselineLoss), hue: 1, isDashed: true },
          ],
        }}
        empty="No window had enough labels."
      />
    </>
  );
}
