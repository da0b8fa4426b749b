import { useQuery, keepPreviousData } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { api } from '../../../app/api.ts';
import { Button } from '../../../design/button.tsx';
import { Chart, loadPlot } from '../../../design/chart.tsx';
import { counted, figure } from '../../../design/format.ts';
import { Loaded } from '../../../design/loaded.tsx';
import { Quiet } from '../../../design/page.tsx';
import { ValueBars } from '../../../design/value-bars.tsx';
import { chartOf, emptyReason, singleValues, stepsOf, withTail, type ChartSettings, type Drawn } from './series.ts';

interface MetricChartProps {
  readonly runs: readonly Drawn[];
  readonly metric: string;
  readonly settings: ChartSettings;
  readonly widthPx: number;
}

/** A metric of runs. Dragging zooms and reads that stretch anew, a double click shows all again; the buttons do the same. */
export function MetricChart({ runs, metric, settings, widthPx }: MetricChartProps) {
  const [steps, setSteps] = useState<readonly [number, number] | null>(null);
  const buckets = Math.min(1_200, Math.max(200, Math.round(widthPx / 100) * 100));
  useEffect(() => void loadPlot(), []);
  const { history, items } = useSeries({ runs, metric, steps, buckets });
  const data = useMemo(() => chartOf(items, runs, settings), [items, runs, settings]);
  const points = items.reduce((sum, item) => sum + item.count, 0);
  const singles = useMemo(() => (steps === null ? singleValues(items, runs) : []), [steps, items, runs]);
  const unit = `${counted(points, 'point')}${runs.length > 1 ? ` of ${counted(items.filter((item) => item.count > 0).length, 'run')}` : ''}`;
  const zoomBy = (share: number): void => {
    const known = items.flatMap((item) => item.buckets);
    const first = known.reduce((least, bucket) => Math.min(least, bucket.firstStep), Infinity);
    const last = known.reduce((most, bucket) => Math.max(most, bucket.lastStep), -Infinity);
    const cut = (last - first) * share;
    setSteps([Math.floor(first + cut), Math.ceil(last - cut)]);
  };
  return (
    <Loaded of={history}>
      {() => (
        <div data-chart={metric} data-values={singles.length > 0 || undefined}>
          {singles.length > 0 ? (
            <ValueBars title={metric} unit={unit} bars={singles} />
          ) : (
            <Chart
              title={metric}
              unit={unit}
              data={data}
              actions={
                (points > 2 || steps) && (
                  <>
                    {steps && <Quiet>{`steps ${figure(steps[0])} to ${figure(steps[1])}`}</Quiet>}
                    {steps && <Button onClick={() => setSteps(null)}>All steps</Button>}
                    <Button disabled={points <= 2} onClick={() => zoomBy(0.25)}>
                      Zoom in
                    </Button>
                  </>
                )
              }
              empty={emptyReason(items, runs, settings, steps !== null)}
              onZoom={(range) => setSteps(range && (stepsOf(range, items, runs, settings.x) ?? steps))}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}

interface Asked {
  readonly runs: readonly Drawn[];
  readonly metric: string;
  readonly steps: readonly [number, number] | null;
  readonly buckets: number;
}

/** Read once; then, as facts come in, only what is behind the last point of runs that go on. */
function useSeries({ runs, metric, steps, buckets }: Asked) {
  const ids = runs.map((run) => run.id);
  const history = useQuery({
    queryKey: ['series', ids, metric, steps, buckets],
    queryFn: ({ signal }) =>
      api.experiments.metricSeries(
        { body: { runs: ids, key: metric, buckets, ...(steps && { from: steps[0], to: steps[1] }) } },
        signal,
      ),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    meta: { isLive: false },
  });
  const known = history.data?.items;
  const running = runs.filter((run) => run.isRunning).map((run) => run.id);
  const last = known
    ?.filter((item) => running.includes(item.run))
    .reduce((least, item) => Math.min(least, item.buckets.at(-1)?.lastStep ?? -Infinity), Infinity);
  const tail = useQuery({
    queryKey: ['series tail', running, metric, last],
    queryFn: async ({ signal }) => {
      const from = last === undefined || !Number.isFinite(last) ? {} : { from: last + 1 };
      const found = await api.experiments.metricSeries(
        { body: { runs: running, key: metric, buckets, ...from } },
        signal,
      );
      // So much is new that the whole is worth another read.
      if (found.items.some((item) => item.count > buckets)) void history.refetch();
      return found;
    },
    enabled: known !== undefined && steps === null && running.length > 0,
  });
  const more = tail.data?.items;
  const items = useMemo(() => (known && more ? withTail(known, more) : (known ?? [])), [known, more]);
  return { history, items };
}
