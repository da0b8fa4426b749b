import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { VersionSummary } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Command, Id } from '../../design/copy.tsx';
import { bytes, count } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Span, Time } from '../../design/time.tsx';
import { Tabs } from '../../design/tabs.tsx';
import { useAction } from '../use-action.tsx';
import { DatasetState } from './dataset-state.tsx';
import { Expectations } from './expectations.tsx';

const SHOWN = 500;

/** The versions of a dataset. */
export function Dataset() {
  const { project, dataset } = useParams({ from: '/projects/$project/datasets/$dataset' });
  const { tab = 'versions' } = useSearch({ from: '/projects/$project/datasets/$dataset' });
  const navigate = useNavigate();
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
        <Tabs
          label="Parts of the dataset"
          tabs={[
            { id: 'versions', label: 'Versions', count: versions.data?.items.length },
            { id: 'expectations', label: 'Expectations' },
          ]}
          chosen={tab}
          onChoose={(id) => void navigate({ to: '.', search: { tab: id }, replace: true })}
        >
          {tab === 'versions' && (
            <Loaded of={versions}>
              {({ items }) =>
                items.length === 0 ? (
                  <NoVersion project={project} dataset={dataset} path={declared?.path} />
                ) : (
                  <Versions items={items} />
                )
              }
            </Loaded>
          )}
          {tab === 'expectations' && <Expectations project={project} dataset={dataset} file={declared?.expectations} />}
        </Tabs>
      </Columns>
    </Page>
  );
}

function NoVersion({ project, dataset, path }: { project: string; dataset: string; path: string | undefined }) {
  return (
    <Empty title="No version yet">
      <span>Register the files that {path ?? 'capstan.yaml'} names, here above or from a script:</span>
      <Command>{`curl -X POST ${location.origin}/api/v1/projects/${project}/datasets/${dataset}/versions -H 'content-type: application/json' -d '{}'`}</Command>
    </Empty>
  );
}

function Versions({ items }: { items: readonly VersionSummary[] }) {
  const now = useNow();
  return (
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
  );
}
