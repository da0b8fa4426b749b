import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { count } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

const SHOWN = 500;

/** Experiments, newest first. */
export function Experiments() {
  const now = useNow();
  const experiments = useRead(api.experiments.list, { query: { limit: SHOWN } });
  return (
    <Page title="Experiments">
      <Loaded of={experiments}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No experiment yet">
              <span>Any script that uses mlflow makes them; point it here:</span>
              <Command>{`export MLFLOW_TRACKING_URI=${location.origin}`}</Command>
              <span>What another MLflow server holds comes over with its ids, times and files:</span>
              <Command>{'npx capstan import mlflow http://HOST:5000'}</Command>
            </Empty>
          ) : (
            <Table
              caption="Experiments"
              rows={items}
              keyOf={(row) => row.id}
              columns={[
                {
                  name: 'Experiment',
                  sortBy: (row) => row.name,
                  cell: (row) => (
                    <Link to="/experiments/$experiment" params={{ experiment: row.id }}>
                      {row.name}
                    </Link>
                  ),
                },
                {
                  name: 'Runs',
                  isNumber: true,
                  sortBy: (row) => row.runs.active,
                  cell: (row) => count(row.runs.active),
                },
                {
                  name: 'Deleted runs',
                  isNumber: true,
                  cell: (row) => (row.runs.deleted === 0 ? '' : count(row.runs.deleted)),
                },
                {
                  name: 'Created',
                  sortBy: (row) => row.createdAt,
                  cell: (row) => <Time at={row.createdAt} now={now} />,
                },
                {
                  name: 'Changed',
                  sortBy: (row) => row.updatedAt,
                  cell: (row) => <Time at={row.updatedAt} now={now} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
