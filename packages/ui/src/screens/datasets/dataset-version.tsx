import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { DatasetVersionReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Id } from '../../design/copy.tsx';
import { bytes, count, counted } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Tabs } from '../../design/tabs.tsx';
import { Span, Time } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { Changes } from './changes.tsx';
import { DatasetState } from './dataset-state.tsx';
import { Profile } from './profile.tsx';
import { QuarantinedRows } from './quarantined-rows.tsx';
import { Report } from './report.tsx';
import { Rows } from './rows.tsx';
import { Use } from './use.tsx';

/** One version: may it be used, why (not), what is in it. */
export function DatasetVersion() {
  const { version } = useParams({ from: '/dataset-versions/$version' });
  const { tab = 'checks', since } = useSearch({ from: '/dataset-versions/$version' });
  const navigate = useNavigate();
  const read = useRead(api.datasets.getVersion, { params: { version } });
  const recheck = useAction(async () => {
    const { id } = await api.expectations.recheck({ params: { version } });
    await refresh();
    if (id !== version) await navigate({ to: '/dataset-versions/$version', params: { version: id } });
  });
  const data = read.data;
  return (
    <Page
      title={data ? `${data.dataset} version ${data.number}` : 'Dataset version'}
      state={data && <DatasetState status={data.status} />}
      actions={
        (data?.status === 'quarantined' || data?.quarantine) && (
          <Button onClick={recheck.act} disabled={recheck.isBusy}>
            Check again
          </Button>
        )
      }
    >
      {recheck.failure}
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside version={found} />}>
            <Tabs
              label="Parts of the version"
              tabs={[
                { id: 'checks', label: 'Checks', count: found.report?.results.length },
                ...(found.quarantine
                  ? [{ id: 'quarantine' as const, label: 'Quarantined rows', count: found.quarantine.rows }]
                  : []),
                { id: 'profile', label: 'Profile', count: found.profile?.columns.length },
                { id: 'rows', label: 'Rows' },
                { id: 'changes', label: 'Changes' },
                { id: 'use', label: 'Use' },
                { id: 'files', label: 'Files', count: found.files.length },
              ]}
              chosen={tab}
              onChoose={(id) => void navigate({ to: '.', search: { tab: id }, replace: true })}
            >
              {tab === 'checks' && <Checks version={found} />}
              {tab === 'quarantine' && <Quarantined version={found} />}
              {tab === 'profile' && <ProfileOf version={found} />}
              {tab === 'rows' && <Rows version={found} />}
              {tab === 'changes' && (
                <Changes
                  version={found}
                  since={since}
                  onChoose={(id) => void navigate({ to: '.', search: { tab, since: id }, replace: true })}
                />
              )}
              {tab === 'use' && <Use version={found} />}
              {tab === 'files' && <Files version={found} />}
            </Tabs>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Checks({ version }: { version: DatasetVersionReply }) {
  if (version.report) return <Report report={version.report} />;
  if (version.origin === 'derived') return <Empty title="Cut from accepted versions, so it is accepted as they are" />;
  return <Empty title="The check is under way">This page shows the report as soon as it is there.</Empty>;
}

function Quarantined({ version }: { version: DatasetVersionReply }) {
  if (version.quarantine) return <QuarantinedRows version={version} quarantine={version.quarantine} />;
  return <Empty title="No row of this version is in quarantine" />;
}

function ProfileOf({ version }: { version: DatasetVersionReply }) {
  if (version.profile) return <Profile profile={version.profile} />;
  return (
    <Empty title="No profile">
      {version.status === 'pending' ? 'It is made together with the check.' : 'None was made of this version.'}
    </Empty>
  );
}

function Files({ version }: { version: DatasetVersionReply }) {
  return (
    <Table
      caption="Files"
      rows={version.files}
      keyOf={(row) => row.path}
      columns={[
        { name: 'Path', sortBy: (row) => row.path, cell: (row) => <code>{row.path}</code> },
        { name: 'Rows', isNumber: true, sortBy: (row) => row.rows, cell: (row) => count(row.rows) },
        { name: 'Size', isNumber: true, sortBy: (row) => row.sizeBytes, cell: (row) => bytes(row.sizeBytes) },
        { name: 'Digest', cell: (row) => <Id value={row.digest} /> },
      ]}
    />
  );
}

function Aside({ version }: { version: DatasetVersionReply }) {
  const now = useNow();
  return (
    <Facts
      items={[
        [
          'Dataset',
          <Link
            key="dataset"
            to="/projects/$project/datasets/$dataset"
            params={{ project: version.project, dataset: version.dataset }}
          >
            {version.dataset}
          </Link>,
        ],
        ['Id', <Id key="id" value={version.id} isWhole />],
        ['Digest', <Id key="digest" value={version.digest} />],
        ['Rows', count(version.rows)],
        ...(version.quarantinedRows > 0 ? ([['In quarantine', counted(version.quarantinedRows, 'row')]] as const) : []),
        ['Size', `${bytes(version.sizeBytes)} in ${counted(version.fileCount, 'file')}`],
        ['Columns', version.columns.length],
        [
          'Event time',
          version.eventTime ? <Span key="time" from={version.eventTime.min} to={version.eventTime.max} /> : 'none',
        ],
        ['From', version.origin],
        ['Registered', <Time key="at" at={version.createdAt} now={now} />],
        ['Checked', version.checkedAt === null ? 'not yet' : <Time key="checked" at={version.checkedAt} now={now} />],
        ...version.parents.map(
          (parent) =>
            [
              parent.how,
              <Link key={parent.versionId} to="/dataset-versions/$version" params={{ version: parent.versionId }}>
                <code>{parent.versionId}</code>
              </Link>,
            ] as const,
        ),
      ]}
    />
  );
}
