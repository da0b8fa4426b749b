import { useState } from 'react';
import { Time } from '../../design/time.tsx';
import type { DeploymentReply } from '../../app/replies.ts';
import { Command, Id } from '../../design/copy.tsx';
import { Empty, Quiet, Stack } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import css from './replicas.module.css';

type Replica = DeploymentReply['replicas'][number];

/** The processes that answer, what each can serve or is loading, and when it last said so. */
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
  const replicas = deployment.replicas.toSorted((left, right) =>
    left.url + left.replica < right.url + right.replica ? -1 : 1,
  );
  const hasSiblings = new Set(replicas.map(({ url }) => url)).size < replicas.length;
  return (
    <Stack>
      <Table
        caption="Replicas"
        rows={replicas}
        keyOf={(row) => row.replica}
        columns={[
          { name: 'Replica', isWhole: true, cell: (row) => <Id value={row.replica} isByEnd /> },
          { name: 'State', cell: (row) => <ReplicaState replica={row} /> },
          { name: 'Serves revisions', cell: (row) => <Served replica={row} champion={deployment.champion?.number} /> },
          { name: 'Address', isWhole: true, cell: (row) => <code>{row.url}</code> },
          { name: 'Reported', isWhole: true, cell: (row) => <Time at={row.reportedAt} now={realNow} /> },
        ]}
      />
      {hasSiblings && <Quiet>Replicas of one address are processes of one data plane.</Quiet>}
    </Stack>
  );
}

function ReplicaState({ replica }: { replica: Replica }) {
  const { warnings, loading, differences, isCurrent, isWithheld } = replica;
  // What it differs in may be that it fails: said once.
  const failures = replica.failures.filter(({ reason }) => !differences.some((said) => said.endsWith(reason)));
  if (failures.length + warnings.length + loading.length + differences.length === 0) {
    return isCurrent ? <State tone="success">up to date</State> : <State tone="attention">silent or behind</State>;
  }
  return (
    <div className={css['states']}>
      {!isCurrent && <State tone="attention">silent or behind</State>}
      {differences.map((reason) => (
        <div key={`differs ${reason}`}>
          <State tone="danger">{isWithheld ? 'differs, gets no requests' : 'differs'}</State>
          <p className={css['note']}>{reason}</p>
        </div>
      ))}
      {failures.map(({ revision, reason }) => (
        <div key={`fails ${revision}`}>
          <State tone="danger">{`revision ${revision} fails`}</State>
          <p className={css['note']}>{reason}</p>
        </div>
      ))}
      {warnings.map(({ revision, reason }) => (
        <div key={`warns ${revision}`}>
          <State tone="attention">{`revision ${revision} warns`}</State>
          <p className={css['note']}>{reason}</p>
        </div>
      ))}
      {loading.map(({ revision, note }) => (
        <div key={`loads ${revision}`} aria-live="polite">
          <State tone="working">{`loading revision ${revision}`}</State>
          {note !== '' && <p className={css['note']}>{note}</p>}
        </div>
      ))}
    </div>
  );
}

function Served({ replica, champion }: { replica: Replica; champion: number | undefined }) {
  if (replica.revisions.length === 0) return <Quiet>none</Quiet>;
  return replica.revisions.map((revision, index) => (
    <span key={revision}>
      {index > 0 && ', '}
      {revision === champion ? `${revision} (champion)` : revision}
    </span>
  ));
}
