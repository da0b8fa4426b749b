import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { DatasetSummary } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { bytes, count } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Span, Time } from '../../design/time.tsx';
import { DatasetState } from './dataset-state.tsx';

/** Datasets of a project, each with its newest version. */
export function DatasetTable({ project }: { project: string }) {
  const now = useNow();
  const datasets = useRead(api.datasets.list, { params: { project } });
  return (
    <Loaded of={datasets}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No dataset is declared">
            <span>Name one under datasets in capstan.yaml, then apply it:</span>
            <Command>capstan apply</Command>
          </Empty>
        ) : (
          <Table
            caption="Datasets"
            rows={items}
            keyOf={(row) => row.name}
            columns={[
              {
                name: 'Dataset',
                sortBy: (row) => row.name,
                cell: (row) => (
                  <Link to="/projects/$project/datasets/$dataset" params={{ project, dataset: row.name }}>
                    {row.name}
                  </Link>
                ),
              },
              { name: 'Newest', cell: (row) => <Newest dataset={row} /> },
              { name: 'State', cell: (row) => (row.newest ? <DatasetState status={row.newest.status} /> : '') },
              {
                name: 'Rows',
                isNumber: true,
                sortBy: (row) => row.newest?.rows,
                cell: (row) => (row.newest ? count(row.newest.rows) : ''),
              },
              { name: 'Size', isNumber: true, cell: (row) => (row.newest ? bytes(row.newest.sizeBytes) : '') },
              {
                name: 'Event time',
                cell: (row) =>
                  row.newest?.eventTime ? <Span from={row.newest.eventTime.min} to={row.newest.eventTime.max} /> : '',
              },
              { name: 'Registered', cell: (row) => (row.newest ? <Time at={row.newest.createdAt} now={now} /> : '') },
              { name: 'Versions', isNumber: true, cell: (row) => row.versionCount },
            ]}
          />
        )
      }
    </Loaded>
  );
}

function Newest({ dataset }: { dataset: DatasetSummary }) {
  if (!dataset.newest) return 'none yet';
  return (
    <Link to="/dataset-versions/$version" params={{ version: dataset.newest.id }}>
      {`version ${dataset.newest.number}`}
    </Link>
  );
}
