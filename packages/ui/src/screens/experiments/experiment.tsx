import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, type ComponentType, type ReactNode } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { counted } from '../../design/format.ts';
import { Empty, Page, Quiet } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { Tabs } from '../../design/tabs.tsx';
import { RunsTab } from './runs-tab.tsx';

type ExperimentReply = Reply<typeof api.experiments.get>;

/** A part of an experiment's page. */
interface Part {
  readonly id: string;
  readonly label: string;
  readonly Content: ComponentType<{ readonly experiment: string }>;
}

/** The parts of an experiment's page, in order; the first is shown where the address says nothing. */
const parts: readonly Part[] = [
  { id: 'runs', label: 'Runs', Content: RunsTab },
  {
    id: 'charts',
    label: 'Charts',
    Content: lazy(() => import('./charts-tab.tsx').then((module) => ({ default: module.ChartsTab }))),
  },
];

/** An experiment: its runs as a table and as charts. The address holds the whole view. */
export function Experiment() {
  const { experiment } = useParams({ from: '/experiments/$experiment' });
  const search = useSearch({ from: '/experiments/$experiment' });
  const navigate = useNavigate({ from: '/experiments/$experiment' });
  const described = useRead(api.experiments.get, { params: { experiment } });
  const part = parts.find(({ id }) => id === search.tab) ?? parts[0];
  return (
    <Page
      isFull
      title={described.data?.name ?? 'Experiment'}
      state={described.data && <Quiet>{counted(described.data.runs.active, 'run')}</Quiet>}
      actions={
        <>
          <Link to="/experiments/$experiment/traces" params={{ experiment }} search={{}}>
            Traces
          </Link>
          <Link to="/evaluation-datasets" search={{ experiment }}>
            Evaluation datasets
          </Link>
        </>
      }
    >
      {described.error && <Failure error={described.error} />}
      {described.data && isEmpty(described.data) ? (
        <NoRuns name={described.data.name} />
      ) : (
        part && (
          <Tabs
            label="Parts of the experiment"
            tabs={parts}
            chosen={part.id}
            onChoose={(id) => {
              const { tab: _, ...rest } = search;
              void navigate({ search: id === parts[0]?.id ? rest : { ...rest, tab: id } });
            }}
          >
            <Shown>
              <part.Content experiment={experiment} />
            </Shown>
          </Tabs>
        )
      )}
    </Page>
  );
}

function Shown({ children }: { children: ReactNode }) {
  return <Suspense fallback={null}>{children}</Suspense>;
}

const isEmpty = ({ runs }: ExperimentReply): boolean => runs.active + runs.deleted === 0;

function NoRuns({ name }: { name: string }) {
  return (
    <Empty title="No run yet">
      <span>From a script that uses mlflow:</span>
      <Command>{`export MLFLOW_TRACKING_URI=${location.origin}\nexport MLFLOW_EXPERIMENT_NAME=${name}\npython train.py`}</Command>
    </Empty>
  );
}
