import { Link } from '@tanstack/react-router';
import type { MonitorWindow } from '../../app/replies.ts';
import { count, moment } from '../../design/format.ts';
import { Table } from '../../design/table.tsx';
import { MonitorState } from './monitor-state.tsx';

/** Windows as they were judged, newest first. */
export function WindowTable({ windows }: { windows: readonly MonitorWindow[] }) {
  return (
    <Table
      caption="Windows"
      rows={windows.toReversed()}
      keyOf={(row) => row.from}
      columns={[
        { name: 'From', isWhole: true, sortBy: (row) => row.from, cell: (row) => moment(row.from) },
        { name: 'To', isWhole: true, cell: (row) => moment(row.before) },
        { name: 'Verdict', sortBy: (row) => row.verdict, cell: (row) => <MonitorState verdict={row.verdict} /> },
        { name: 'Rows', isNumber: true, sortBy: (row) => row.n, cell: (row) => count(row.n) },
        { name: 'Version', cell: (row) => (row.modelVersion === null ? '–' : `v${row.modelVersion}`) },
        { name: 'Why', cell: (row) => row.reason },
        {
          name: 'Fact',
          isWhole: true,
          cell: (row) => (
            <Link to="/audit" search={{ at: row.eventSeq }}>
              {`#${row.eventSeq}`}
            </Link>
          ),
        },
      ]}
    />
  );
}
