import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { RunReply } from '../../app/replies.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Page } from '../../design/page.tsx';
import { Tabs } from '../../design/tabs.tsx';
import { Artifacts } from './artifacts.tsx';
import { MetricCharts } from './charts/metric-charts.tsx';
import { drawnOf } from './charts/run-legend.tsx';
import { Preview } from './preview/preview.tsx';
import { Aside, Overview } from './run-overview.tsx';
import { RunState } from './run-state.tsx';

/** One run: params, metrics over its steps, files, models, and where they went. */
export function Run() {
  const { run } = useParams({ from: '/runs/$run' });
  const search = useSearch({ from: '/runs/$run' });
  const navigate = useNavigate({ from: '/runs/$run' });
  const now = useNow();
  const read = useRead(api.experiments.getRun, { params: { run } });
  const logs = useLogs(run);
  const data = read.data;
  const tab = search.tab ?? 'overview';
  const set = (change: Record<string, unknown>, isStep = false): void => {
    const next = Object.fromEntries(
      Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined),
    );
    void navigate({ search: next, replace: !isStep });
  };
  return (
    <Page title={data ? data.name || data.id : 'Run'} state={data && <RunState run={data} now={now} />}>
      <Loaded of={read}>
        {(found) => {
          const { own, system } = metricsOf(found);
          const drawn = drawnOf([found]);
          return (
            <Columns aside={<Aside run={found} />}>
              <Tabs
                label="Parts of the run"
                tabs={[
                  { id: 'overview', label: 'Overview' },
                  { id: 'charts', label: 'Charts', count: own.length },
                  ...(system.length > 0 ? [{ id: 'system', label: 'System', count: system.length }] : []),
                  { id: 'artifacts', label: 'Artifacts' },
                  ...(logs.length > 0 ? [{ id: 'logs', label: 'Logs', count: logs.length }] : []),
                ]}
                chosen={tab}
                onChoose={(id) => set({ tab: id, path: undefined, model: undefined })}
              >
                {tab === 'overview' && <Overview run={found} />}
                {tab === 'charts' && <MetricCharts runs={drawn} metrics={own} search={search} onSearch={set} />}
                {tab === 'system' && (
                  <MetricCharts runs={drawn} metrics={system} search={{ x: 'relative', ...search }} onSearch={set} />
                )}
                {tab === 'artifacts' && (
                  <Artifacts
                    run={found}
                    path={search.path ?? ''}
                    model={search.model}
                    onOpen={(path, model) => set({ tab: 'artifacts', path, model }, true)}
                  />
                )}
                {tab === 'logs' && logs.map((path) => <Preview key={path} owner="run" id={found.id} path={path} />)}
              </Tabs>
            </Columns>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** What the machine measured of itself stands apart from what the run measured. */
function metricsOf(run: RunReply): { own: string[]; system: string[] } {
  const keys = Object.keys(run.metrics).toSorted();
  const isSystem = (key: string): boolean => key.startsWith('system/');
  return { own: keys.filter((key) => !isSystem(key)), system: keys.filter(isSystem) };
}

/** Files that are logs by their name, at the top or in a folder `logs`. */
function useLogs(run: string): string[] {
  const top = useRead(api.experiments.listArtifacts, { params: { owner: 'run', id: run }, query: {} });
  const hasFolder = top.data?.items.some((item) => item.kind === 'folder' && item.path === 'logs') === true;
  const inFolder = useRead(
    api.experiments.listArtifacts,
    { params: { owner: 'run', id: run }, query: { path: 'logs' } },
    { isEnabled: hasFolder },
  );
  return [...(top.data?.items ?? []), ...(inFolder.data?.items ?? [])]
    .filter((item) => item.kind === 'file' && item.path.endsWith('.log'))
    .map((item) => item.path);
}
