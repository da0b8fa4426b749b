import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Command } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Moment, Time, Took } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { PipelineState } from './pipeline-state.tsx';

const SHOWN = 200;

/** Runs of a project's pipeline, newest first. */
export function PipelineRuns() {
  const { project } = useParams({ from: '/projects/$project/pipeline-runs' });
  const now = useNow();
  const navigate = useNavigate();
  const runs = useRead(api.pipelines.list, { query: { project, limit: SHOWN } });
  const start = useAction(async () => {
    const run = await api.pipelines.start({ params: { project }, body: {} });
    await refresh();
    await navigate({ to: '/pipeline-runs/$run', params: { run: run.id } });
  });
  return (
    <Page
      title="Pipeline runs"
      actions={
        <Button kind="primary" onClick={start.act} disabled={start.isBusy}>
          Run the pipeline
        </Button>
      }
    >
      {start.failure}
      <Loaded of={runs}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="The pipeline has not run yet">
              <span>Run it on the newest accepted data, with the button above or from a script:</span>
              <Command>{`curl -X POST ${location.origin}/api/v1/projects/${project}/pipeline-runs -H 'content-type: application/json' -d '{}'`}</Command>
              <span>Or in a checkout, and watch it here:</span>
              <Command>{`capstan repro --report ${location.origin} --project ${project}`}</Command>
            </Empty>
          ) : (
            <Runs rows={items} now={now} />
          )
        }
      </Loaded>
    </Page>
  );
}

/** Runs of every project, those of checkouts too, newest first. */
export function AllPipelineRuns() {
  const now = useNow();
  const runs = useRead(api.pipelines.list, { query: { limit: SHOWN } });
  return (
    <Page title="Pipeline runs">
      <Loaded of={runs}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No pipeline has run yet">
              <span>Run one in a checkout with dvc.yaml, and watch it here:</span>
              <Command>{`capstan repro --report ${location.origin}`}</Command>
            </Empty>
          ) : (
            <Runs rows={items} now={now} hasProject />
          )
        }
      </Loaded>
    </Page>
  );
}

type Row = Reply<typeof api.pipelines.list>['items'][number];

function Runs({ rows, now, hasProject = false }: { rows: readonly Row[]; now: number; hasProject?: boolean }) {
  return (
    <Table
      caption="Pipeline runs"
      rows={rows}
      keyOf={(row) => row.id}
      columns={[
        {
          name: 'Run',
          sortBy: (row) => row.number,
          cell: (row) => (
            <Link to="/pipeline-runs/$run" params={{ run: row.id }}>
              {hasProject ? `${row.project} ${row.number}` : `run ${row.number}`}
            </Link>
          ),
        },
        {
          name: 'State',
          sortBy: (row) => row.status,
          cell: (row) => <PipelineState status={row.status} isLost={row.isLost} />,
        },
        {
          name: 'Where',
          cell: (row) =>
            row.place ? `${row.place.host}${row.place.branch === null ? '' : `, ${row.place.branch}`}` : 'this server',
        },
        { name: 'Data before', cell: (row) => (row.cutoff === null ? 'all' : <Moment at={row.cutoff} />) },
        {
          name: 'Cycle',
          cell: (row) => (row.cycle === null ? '' : <CycleLink project={row.project} cycle={row.cycle} />),
        },
        { name: 'By', cell: (row) => row.actor },
        {
          name: 'Asked for',
          sortBy: (row) => row.createdAt,
          cell: (row) => <Time at={row.createdAt} now={now} />,
        },
        {
          name: 'Took',
          cell: (row) => (row.startedAt === null ? '' : <Took from={row.startedAt} to={row.endedAt} now={now} />),
        },
        { name: 'Why', cell: (row) => row.reason ?? '' },
      ]}
    />
  );
}

/** The turn that something belongs to. */
export function CycleLink({ project, cycle }: { project: string; cycle: string }) {
  return (
    <Link to="/projects/$project/cycles/$cycle" params={{ project, cycle }}>
      cycle
    </Link>
  );
}
