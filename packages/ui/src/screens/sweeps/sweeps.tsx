import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { SweepSummary } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { figure } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';
import { SweepState } from './sweep-state.tsx';

const SHOWN = 200;

/** Searches over the parameters of a project's pipeline, newest first. */
export function Sweeps() {
  const { project } = useParams({ from: '/projects/$project/sweeps' });
  const now = useNow();
  const sweeps = useRead(api.sweeps.list, { query: { project, limit: SHOWN } });
  return (
    <Page title="Sweeps">
      <Loaded of={sweeps}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No parameters have been searched yet">
              <span>A sweep runs the pipeline with other parameters and keeps the best. Begin one from a shell:</span>
              <Command>{`capstan sweeps start --project ${project} -S train.depth=2,4,8 -S train.rate=float:0.001..0.3:log --max-trials 20`}</Command>
            </Empty>
          ) : (
            <Table
              caption="Sweeps"
              rows={items}
              keyOf={(row) => row.id}
              columns={[
                {
                  name: 'Sweep',
                  isWhole: true,
                  sortBy: (row) => row.number,
                  cell: (row) => (
                    <Link to="/sweeps/$sweep" params={{ sweep: row.id }}>
                      {`sweep ${row.number}`}
                    </Link>
                  ),
                },
                { name: 'State', sortBy: (row) => row.state, cell: (row) => <SweepState state={row.state} /> },
                { name: 'Method', sortBy: (row) => row.method, cell: (row) => row.method },
                {
                  name: 'Trials',
                  isNumber: true,
                  sortBy: endedOf,
                  cell: (row) => `${endedOf(row)} of ${row.maxTrials}`,
                },
                { name: 'Metric', cell: (row) => `${row.metric.goal} ${row.metric.name}` },
                {
                  name: 'Best',
                  isNumber: true,
                  sortBy: (row) => row.best?.value,
                  cell: (row) => (row.best?.value == null ? '' : figure(row.best.value)),
                },
                { name: 'By', cell: (row) => row.actor },
                { name: 'Began', sortBy: (row) => row.createdAt, cell: (row) => <Time at={row.createdAt} now={now} /> },
                {
                  name: 'Took',
                  cell: (row) =>
                    row.startedAt === null ? '' : <Took from={row.startedAt} to={row.endedAt} now={now} />,
                },
                { name: 'Why', cell: (row) => row.reason ?? '' },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function endedOf({ trials }: SweepSummary): number {
  return trials.succeeded + trials.failed + trials.stopped + trials.cancelled;
}
