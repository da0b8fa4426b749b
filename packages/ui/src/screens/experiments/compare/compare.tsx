import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { api, useRead } from '../../../app/api.ts';
import { Choice, Toggle } from '../../../design/field.tsx';
import { counted } from '../../../design/format.ts';
import { Loaded } from '../../../design/loaded.tsx';
import { Empty, Page, Quiet, Row } from '../../../design/page.tsx';
import { Tabs } from '../../../design/tabs.tsx';
import { MetricCharts } from '../charts/metric-charts.tsx';
import { drawnOf, RunLegend } from '../charts/run-legend.tsx';
import css from '../charts-tab.module.css';
import { CompareTable } from './compare-table.tsx';

const Parallel = lazy(() => import('./parallel.tsx').then((module) => ({ default: module.Parallel })));
const Scatter = lazy(() => import('./scatter.tsx').then((module) => ({ default: module.Scatter })));

const tabs = [
  { id: 'table', label: 'Side by side' },
  { id: 'charts', label: 'Charts' },
  { id: 'parallel', label: 'Parallel coordinates' },
  { id: 'scatter', label: 'Scatter' },
] as const;

/** Runs side by side; which ones, and how, is in the address. */
export function Compare() {
  const { experiment } = useParams({ from: '/experiments/$experiment/compare' });
  const search = useSearch({ from: '/experiments/$experiment/compare' });
  const navigate = useNavigate({ from: '/experiments/$experiment/compare' });
  const ids = search.runs ?? [];
  const read = useRead(api.experiments.getRuns, { body: { ids: [...ids] } }, { isEnabled: ids.length > 0 });
  const described = useRead(api.experiments.get, { params: { experiment } });
  const set = (change: Record<string, unknown>): void => {
    const next = Object.fromEntries(
      Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined),
    );
    void navigate({ search: next, replace: true });
  };
  const runs = useMemo(() => read.data?.items ?? [], [read.data]);
  const drawn = useMemo(() => drawnOf(runs), [runs]);
  const metrics = useMemo(() => [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].toSorted(), [runs]);
  const tab = tabs.find(({ id }) => id === search.tab)?.id ?? 'table';
  const base = runs.find((run) => run.id === search.base) ?? runs[0];
  const isDiffering = search.differing !== false;
  return (
    <Page
      isFull
      title={`Compare ${counted(runs.length, 'run')}`}
      state={described.data && <Quiet>{`of ${described.data.name}`}</Quiet>}
    >
      {ids.length === 0 ? (
        <Empty title="No runs were chosen">Choose some in the table of runs, then Compare.</Empty>
      ) : (
        <Tabs
          label="Ways to compare"
          tabs={tabs}
          chosen={tab}
          onChoose={(id) => set({ tab: id === 'table' ? undefined : id })}
        >
          <Loaded of={read}>
            {() => (
              <>
                {runs.length < ids.length && (
                  <Quiet>{`${counted(ids.length - runs.length, 'run')} of the address are not there any more.`}</Quiet>
                )}
                {tab === 'table' && base && (
                  <>
                    <Row>
                      <Choice
                        label="Baseline"
                        value={base.id}
                        options={runs.map((run) => ({ value: run.id, label: run.name || run.id }))}
                        onChoose={(id) => set({ base: id })}
                      />
                      <Toggle
                        label="Only differences"
                        isOn={isDiffering}
                        onSet={(isOn) => set({ differing: isOn ? undefined : false })}
                      />
                    </Row>
                    <CompareTable runs={runs} drawn={drawn} base={base} isDiffering={isDiffering} />
                  </>
                )}
                {tab === 'charts' && (
                  <div className={css['scroll']}>
                    <RunLegend runs={drawn} />
                    <MetricCharts runs={drawn} metrics={metrics} search={search} onSearch={set} />
                  </div>
                )}
                {(tab === 'parallel' || tab === 'scatter') && (
                  <div className={css['scroll']}>
                    <Suspense fallback={null}>
                      {tab === 'parallel' ? (
                        <Parallel runs={runs} drawn={drawn} axes={search.axes} onAxes={(axes) => set({ axes })} />
                      ) : (
                        <Scatter runs={runs} drawn={drawn} across={search.across} up={search.up} onSet={set} />
                      )}
                    </Suspense>
                  </div>
                )}
              </>
            )}
          </Loaded>
        </Tabs>
      )}
    </Page>
  );
}
