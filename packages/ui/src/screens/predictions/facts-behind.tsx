import { Link } from '@tanstack/react-router';
import { useNow } from '../../app/api.ts';
import type { EventRecord } from '../../app/replies.ts';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

/** Facts with what caused them, each with its place in the audit log. */
export function FactsBehind({ facts }: { facts: readonly EventRecord[] }) {
  const now = useNow();
  return (
    <Table
      caption="Facts"
      rows={facts}
      keyOf={(row) => row.seq}
      columns={[
        {
          name: 'Fact',
          cell: (row) => (
            <Link to="/audit" search={{ at: row.seq }}>
              {row.seq}
            </Link>
          ),
        },
        { name: 'Because of', cell: (row) => row.causationSeq ?? 'a call' },
        { name: 'What', cell: (row) => row.type.replaceAll(/[.-]/g, ' ') },
        { name: 'By', cell: (row) => row.actor },
        { name: 'When', cell: (row) => <Time at={row.at} now={now} /> },
      ]}
    />
  );
}
