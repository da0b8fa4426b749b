import { useState } from 'react';
import { Time } from '../../design/time.tsx';
import type { DeploymentReply } from '../../app/replies.ts';
import { Command, Id } from '../../design/copy.tsx';
import { Empty } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';

/** The processes that answer, what each can serve, and when it last said so. */
export function Replicas({ deployment }: { deployment: DeploymentReply }) {
  // Reports are in real time, also where the clock of the installation is simulated.
  const [realNow] = useState(() => Date.now());
  if (deployment.replicas.length === 0) {
    return (
      <Empty title="No data plane has reported">
        <span>One runs beside the control plane unless it was started with --no-serving. Another:</span>
        <Command>{`capstan serve --control ${location.origin}`}</Command>
      </Empty>
    );
  }
  return (
    <Table
      caption="Replicas"
      rows={deployment.replicas}
      keyOf={(row) => row.replica}
      columns={[
        { name: 'Replica', cell: (row) => <Id value={row.replica} /> },
        {
          name: 'State',
          cell: (row) =>
            row.failures.length > 0 ? (
              <State tone="danger">{`revision ${row.failures[0]?.revision ?? ''} fails`}</State>
            ) : row.isCurrent ? (
              <State tone="success">up to date</State>
            ) : (
              <State tone="attention">silent or behind</State>
            ),
        },
        { name: 'Serves revisions', cell: (row) => (row.revisions.length === 0 ? 'none' : row.revisions.join(', ')) },
        { name: 'Address', cell: (row) => <code>{row.url}</code> },
        { name: 'Reported', cell: (row) => <Time at={row.reportedAt} now={realNow} /> },
        { name: 'Why not', cell: (row) => row.failures.map((failure) => failure.reason).join('; ') },
      ]}
    />
  );
}
