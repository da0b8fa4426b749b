import { Link } from '@tanstack/react-router';
import type { api } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { count } from '../../design/format.ts';
import { Stack } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';

type Version = Extract<Reply<typeof api.lineage.explain>['data'], { found: unknown }>['found'][number];

/** Dataset versions that a training read, and those that they were cut from, with their files. */
export function DataRead({ versions }: { versions: readonly Version[] }) {
  const names = new Map(versions.map((version) => [version.versionId, `${version.dataset} ${version.number}`]));
  return (
    <Table
      caption="Dataset versions"
      rows={versions}
      keyOf={(row) => row.versionId}
      columns={[
        {
          name: 'Version',
          cell: (row) => (
            <Link to="/dataset-versions/$version" params={{ version: row.versionId }}>
              {names.get(row.versionId)}
            </Link>
          ),
        },
        { name: 'Read', cell: (row) => (row.isRead ? 'by the training' : 'cut from') },
        { name: 'Rows', isNumber: true, cell: (row) => count(row.rows) },
        { name: 'Digest', cell: (row) => <Id value={row.digest} /> },
        {
          name: 'Files',
          cell: (row) => (
            <Stack>
              {row.files.map((file) => (
                <span key={file.path}>
                  {file.path} <Id value={file.digest} />
                </span>
              ))}
            </Stack>
          ),
        },
        {
          name: 'Cut from',
          cell: (row) =>
            row.parents.map(({ versionId, how }) => `${names.get(versionId) ?? versionId}: ${how}`).join('; ') ||
            'nothing: it came in',
        },
      ]}
    />
  );
}
