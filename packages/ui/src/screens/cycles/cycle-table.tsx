import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { CycleSummaryReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';
import { VersionLink } from '../deployments/live.tsx';
import { CycleState } from './cycle-state.tsx';

/** Turns of a project's cycle, newest first. */
export function CycleTable({ project, shown }: { project: string; shown: number }) {
  const now = useNow();
  const cycles = useRead(api.cycles.list, { params: { project }, query: { limit: shown } });
  return (
    <Loaded of={cycles}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="The cycle has not turned yet">
            <span>
              Monitors, a schedule or new data start a turn, as the policy in capstan.yaml says. To ask for one now:
            </span>
            <Command>{`capstan cycles start ${project} --reason "first model"`}</Command>
          </Empty>
        ) : (
          <Table
            caption="Cycles"
            rows={items}
            keyOf={(row) => row.id}
            columns={[
              {
                name: 'Cycle',
                sortBy: (row) => row.number,
                cell: (row) => (
                  <Link to="/projects/$project/cycles/$cycle" params={{ project, cycle: String(row.number) }}>
                    {`cycle ${row.number}`}
                  </Link>
                ),
              },
              { name: 'State', sortBy: (row) => row.state, cell: (row) => <CycleState state={row.state} /> },
              { name: 'Because of', cell: (row) => `${row.trigger.kind.replace('-', ' ')}: ${row.trigger.reason}` },
              { name: 'Candidate', cell: (row) => <Candidate cycle={row} /> },
              { name: 'Why it ended so', cell: (row) => row.reason ?? '' },
              { name: 'Began', sortBy: (row) => row.startedAt, cell: (row) => <Time at={row.startedAt} now={now} /> },
              { name: 'Took', cell: (row) => <Took from={row.startedAt} to={row.endedAt} now={now} /> },
            ]}
          />
        )
      }
    </Loaded>
  );
}

function Candidate({ cycle }: { cycle: CycleSummaryReply }) {
  return cycle.model !== null && cycle.version !== null ? (
    <VersionLink model={cycle.model} version={cycle.version} />
  ) : (
    'none yet'
  );
}
