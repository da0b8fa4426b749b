import { useMemo } from 'react';
import { api, useRead } from '../../app/api.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet } from '../../design/page.tsx';
import { MetricCharts } from './charts/metric-charts.tsx';
import { drawnOf, RunLegend } from './charts/run-legend.tsx';
import css from './charts-tab.module.css';
import { useView } from './use-view.ts';

const MOST_RUNS = 10;

/** Metrics of the first runs of the table, in its order and under its filter. */
export function ChartsTab({ experiment }: { experiment: string }) {
  const { search, asked, order, set } = useView(experiment);
  const found = useRead(
    api.experiments.searchRuns,
    { body: { ...asked, ...order, limit: MOST_RUNS } },
    { isKept: true },
  );
  const ids = (found.data?.items ?? []).map((run) => run.id);
  const full = useRead(api.experiments.getRuns, { body: { ids } }, { isEnabled: ids.length > 0, isKept: true });
  const runs = useMemo(() => drawnOf(full.data?.items ?? []), [full.data]);
  const metrics = useMemo(
    () => [...new Set((full.data?.items ?? []).flatMap((run) => Object.keys(run.metrics)))].toSorted(),
    [full.data],
  );
  if (found.data?.items.length === 0)
    return <Empty title="No run meets this filter">Change it in the table of runs.</Empty>;
  return (
    <div className={css['scroll']}>
      <Loaded of={full}>
        {() => (
          <>
            <RunLegend runs={runs} />
            <Quiet>
              {`The first ${runs.length} runs of the table${search.filter === undefined ? '' : `, where ${search.filter}`}; choose others there by filter and order, or compare chosen ones.`}
            </Quiet>
            <MetricCharts runs={runs} metrics={metrics} search={search} onSearch={(change) => set(change, true)} />
          </>
        )}
      </Loaded>
    </div>
  );
}
