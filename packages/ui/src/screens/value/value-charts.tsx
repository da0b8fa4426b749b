import type { ValueReply } from '../../app/replies.ts';
import { Chart } from '../../design/chart.tsx';

/** The model and the baseline over time, and the gain with its limits; versions have no order in time to draw. */
export function ValueCharts({ summary: { by, rows, currency, method } }: { summary: ValueReply }) {
  if (by === 'version') return null;
  const x = rows.map((row) => row.from ?? 0);
  const gains = rows.map((row) => row.difference?.valuePerPrediction ?? null);
  const percent = Math.round(method.confidence * 100);
  return (
    <>
      <Chart
        title="Gain over the baseline"
        unit={`${currency} per prediction by ${by}, with ${percent} % limits`}
        heightPx={200}
        data={{
          xKind: 'time',
          x,
          series: [
            { label: 'gain', values: gains.map((gain) => gain?.mean ?? null), hue: 0 },
            { label: 'lower limit', values: gains.map((gain) => gain?.lower ?? null), bandWith: 'upper limit', hue: 0 },
            { label: 'upper limit', values: gains.map((gain) => gain?.upper ?? null), bandWith: 'lower limit', hue: 0 },
          ],
          limits: [{ label: 'no better than the baseline', value: 0 }],
        }}
        empty="No answer was given after an outcome was known: until then there is no baseline."
      />
      <Chart
        title="Value of an answer"
        unit={`${currency} per prediction by ${by}`}
        heightPx={200}
        data={{
          xKind: 'time',
          x,
          series: [
            { label: 'answers', values: rows.map((row) => row.valuePerPrediction), hue: 0 },
            {
              label: 'baseline',
              values: rows.map((row) => row.baseline?.valuePerPrediction ?? null),
              hue: 1,
              isDashed: true,
            },
          ],
        }}
        empty="No outcome is priced."
      />
    </>
  );
}
