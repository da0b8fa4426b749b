import { useEffect, useRef, useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { Reply, RunReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Chart, type ChartData } from '../../design/chart.tsx';
import { SearchField } from '../../design/field.tsx';
import { counted, figure } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Halves, Quiet, Row } from '../../design/page.tsx';

const BUCKETS = 600;

/** A chart of each metric of a run, made when it comes into sight. */
export function MetricCharts({ run }: { run: RunReply }) {
  const [text, setText] = useState('');
  const keys = Object.keys(run.metrics).toSorted();
  if (keys.length === 0) {
    return (
      <Empty title="Nothing to draw yet">
        <code>mlflow.log_metric("log_loss", 0.54, step=10)</code>
      </Empty>
    );
  }
  const found = keys.filter((key) => key.toLowerCase().includes(text.toLowerCase()));
  return (
    <>
      <Row>
        <SearchField label="Find metrics" placeholder="Part of a name, then Enter" value={text} onSearch={setText} />
        <Quiet>{`${found.length} of ${counted(keys.length, 'metric')}`}</Quiet>
      </Row>
      <Halves>
        {found.map((key) => (
          <WhenSeen key={key}>
            <MetricChart run={run.id} metric={key} />
          </WhenSeen>
        ))}
      </Halves>
    </>
  );
}

function WhenSeen({ children }: { children: React.ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true),
      {
        rootMargin: '200px',
      },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} style={{ minHeight: isSeen ? undefined : 280 }}>
      {isSeen && children}
    </div>
  );
}

/** A metric over its steps. Dragging zooms and reads that stretch anew; the buttons do the same. */
function MetricChart({ run, metric }: { run: string; metric: string }) {
  const [range, setRange] = useState<readonly [number, number] | null>(null);
  const history = useRead(
    api.experiments.metricHistory,
    {
      params: { run },
      query: { key: metric, buckets: BUCKETS, ...(range && { from: Math.floor(range[0]), to: Math.ceil(range[1]) }) },
    },
    { isKept: true },
  );
  const zoomBy = (factor: number): void => {
    const steps = history.data?.buckets ?? [];
    const [first, last] = [steps[0]?.firstStep ?? 0, steps.at(-1)?.lastStep ?? 0];
    const quarter = (last - first) * factor;
    setRange([first + quarter, last - quarter]);
  };
  return (
    <Loaded of={history}>
      {(data) => (
        <>
          <Chart
            title={metric}
            unit={`${counted(data.count, 'point')} over steps${nansOf(data)}`}
            data={chartOf(data)}
            empty={range ? 'No point lies in this stretch.' : 'All its points are NaN.'}
            onZoom={setRange}
          />
          {data.count > 2 && (
            <Row>
              <Button onClick={() => zoomBy(0.25)}>Zoom in</Button>
              {range && <Button onClick={() => setRange(null)}>All steps</Button>}
              {range && <Quiet>{`steps ${figure(Math.floor(range[0]))} to ${figure(Math.ceil(range[1]))}`}</Quiet>}
            </Row>
          )}
        </>
      )}
    </Loaded>
  );
}

type History = Reply<typeof api.experiments.metricHistory>;

function nansOf(history: History): string {
  const nans = history.buckets.reduce((sum, bucket) => sum + bucket.nans, 0);
  return nans === 0 ? '' : `, ${nans} of them NaN`;
}

/** The last value of each bucket as a line, its extremes as a band, and where values were NaN. */
function chartOf({ buckets, count }: History): ChartData {
  const isBucketed = count > buckets.length;
  const last = buckets.map(({ last: point }) => (point.value === 'NaN' ? null : point.value));
  const notes = buckets.filter((bucket) => bucket.nans > 0).map((bucket) => ({ at: bucket.firstStep, label: 'NaN' }));
  return {
    xKind: 'step',
    x: buckets.map((bucket) => (isBucketed ? bucket.lastStep : bucket.last.step)),
    series: [
      { label: isBucketed ? 'last' : 'value', values: last, hue: 0 },
      ...(isBucketed
        ? [
            { label: 'max', values: buckets.map((bucket) => bucket.max), hue: 0, bandWith: 'min' },
            { label: 'min', values: buckets.map((bucket) => bucket.min), hue: 0, bandWith: '' },
          ]
        : []),
    ],
    ...(notes.length > 0 && notes.length <= 20 && { notes }),
  };
}
