import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';
import { RunState } from './run-state.tsx';

const SHOWN = 8;
/** The newest: runs of older ones stand on their pages. */
const MOST_EXPERIMENTS = 200;

/** The runs that began last in any of the newest experiments; nothing where there is none yet. */
export function LatestRuns() {
  const now = useNow();
  const experiments = useRead(api.experiments.list, { query: { limit: MOST_EXPERIMENTS } }).data?.items ?? [];
  const names = new Map(experiments.filter(({ runs }) => runs.active > 0).map(({ id, name }) => [id, name]));
  const runs = useRead(
    api.experiments.searchRuns,
    { body: { experimentIds: [...names.keys()], limit: SHOWN } },
    { isEnabled: names.size > 0, isKept: true },
  ).data?.items;
  if (!runs || runs.length === 0) return null;
  return (
    <Section title="Latest runs" note={<Link to="/experiments">all experiments</Link>}>
      <Table
        caption="Latest runs"
        rows={runs}
        keyOf={(run) => run.id}
        columns={[
          {
            name: 'Run',
            cell: (run) => (
              <Link to="/runs/$run" params={{ run: run.id }}>
                {run.name || run.id}
              </Link>
            ),
          },
          {
            name: 'Experiment',
            cell: (run) => (
              <Link to="/experiments/$experiment" params={{ experiment: run.experimentId }}>
                {names.get(run.experimentId) ?? run.experimentId}
              </Link>
            ),
          },
          { name: 'State', cell: (run) => <RunState run={run} now={now} /> },
          { name: 'Started', cell: (run) => <Time at={run.startTime} now={now} /> },
          {
            name: 'Took',
            cell: (run) => (
              <Took from={run.startTime} to={run.liveness === 'lost' ? run.updatedAt : run.endTime} now={now} />
            ),
          },
          { name: 'By', cell: (run) => run.user },
        ]}
      />
    </Section>
  );
}
