import { Link, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import { Button } from '../../design/button.tsx';
import { Command, Id } from '../../design/copy.tsx';
import { bytes, count } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Span, Time } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { DatasetState } from './dataset-state.tsx';

const SHOWN = 500;

/** The versions of a dataset. */
export function Dataset() {
  const { project, dataset } = useParams({ from: '/projects/$project/datasets/$dataset' });
  const now = useNow();
  const versions = useRead(api.datasets.versions, { params: { project, dataset }, query: { limit: SHOWN } });
  const declared = useRead(api.projects.get, { params: { project } }).data?.declaration.datasets[dataset];
  const register = useAction(async () => {
    await api.datasets.register({ params: { project, dataset }, body: {} });
    await refresh();
  });
  return (
    <Page
      title={dataset}
      actions={
        declared && (
          <Button onClick={register.act} disabled={register.isBusy}>
            {register.isBusy ? 'Registering…' : 'Register files now'}
          </Button>
        )
      }
    >
      {register.failure}
      <Columns
        aside={
          <Facts
            items={[
              ['Files', declared ? <code key="path">{declared.path}</code> : 'no longer declared'],
              ['Event time', declared?.event_time ?? 'none'],
              ['Key', declared?.key?.join(', ') ?? 'none'],
              ['Checks', declared?.expectations ?? 'only what holds for every dataset'],
              ['Label', declared?.label?.column ?? 'none'],
            ]}
          />
        }
      >
        <Loaded of={versions}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No version yet">
                <span>
                  Register the files that {declared?.path ?? 'capstan.yaml'} names, here above or from a script:
                </span>
                <Command>{`curl -X POST ${location.origin}/api/v1/projects/${project}/datasets/${dataset}/versions -H 'content-type: application/json' -d '{}'`}</Command>
              </Empty>
            ) : (
              <Table
                caption="Versions"
                rows={items}
                keyOf={(row) => row.id}
                columns={[
                  {
                    name: 'Version',
                    sortBy: (row) => row.number,
                    cell: (row) => (
                      <Link to="/dataset-versions/$version" params={{ version: row.id }}>
                        {`version ${row.number}`}
                      </Link>
                    ),
                  },
                  { name: 'State', sortBy: (row) => row.status, cell: (row) => <DatasetState status={row.status} /> },
                  { name: 'From', cell: (row) => row.origin },
                  { name: 'Rows', isNumber: true, sortBy: (row) => row.rows, cell: (row) => count(row.rows) },
                  { name: 'Size', isNumber: true, sortBy: (row) => row.sizeBytes, cell: (row) => bytes(row.sizeBytes) },
                  { name: 'Files', isNumber: true, cell: (row) => row.fileCount },
                  {
                    name: 'Event time',
                    cell: (row) => (row.eventTime ? <Span from={row.eventTime.min} to={row.eventTime.max} /> : ''),
                  },
                  { name: 'Digest', cell: (row) => <Id value={row.digest} /> },
                  {
                    name: 'Registered',
                    sortBy: (row) => row.createdAt,
                    cell: (row) => <Time at={row.createdAt} now={now} />,
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Columns>
    </Page>
  );
}
