import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply, RolloutReply } from '../../app/replies.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Section } from '../../design/page.tsx';
import { Id } from '../../design/copy.tsx';
import { Table } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';
import { RolloutState } from './deployment-state.tsx';
import { VersionLink } from './live.tsx';

/** Every change of what is served, and every revision there was. */
export function History({ deployment }: { deployment: DeploymentReply }) {
  const now = useNow();
  const params = { deployment: deployment.name };
  const rollouts = useRead(api.deployments.rollouts, { params });
  const revisions = useRead(api.deployments.revisions, { params });
  return (
    <>
      <Section title="Rollouts">
        <Loaded of={rollouts}>
          {({ items }) => (items.length === 0 ? <Empty title="No rollout yet" /> : <Rollouts rollouts={items} />)}
        </Loaded>
      </Section>
      <Section title="Revisions">
        <Loaded of={revisions}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No revision yet" />
            ) : (
              <Table
                caption="Revisions"
                rows={items}
                keyOf={(row) => row.number}
                columns={[
                  { name: 'Revision', isNumber: true, cell: (row) => row.number },
                  { name: 'Version', cell: (row) => <VersionLink model={row.model} version={row.version} /> },
                  { name: 'Threshold', isNumber: true, cell: (row) => row.threshold.toFixed(3) },
                  {
                    name: 'Converts',
                    cell: (row) =>
                      Object.entries(row.inputAdapters)
                        .map(([column, { multiply, add }]) => `${column} × ${multiply} + ${add}`)
                        .join(', ') || 'nothing',
                  },
                  { name: 'Model file', cell: (row) => <Id value={row.modelDigest} /> },
                  { name: 'By', cell: (row) => row.createdBy },
                  { name: 'Made', cell: (row) => <Time at={row.createdAt} now={now} /> },
                ]}
              />
            )
          }
        </Loaded>
      </Section>
    </>
  );
}

function Rollouts({ rollouts }: { rollouts: readonly RolloutReply[] }) {
  const now = useNow();
  return (
    <Table
      caption="Rollouts"
      rows={rollouts}
      keyOf={(row) => row.id}
      columns={[
        {
          name: 'Rollout',
          cell: (row) => (
            <Link to="/rollouts/$rollout" params={{ rollout: row.id }}>
              {`revision ${row.from ?? 'none'} → ${row.revision}`}
            </Link>
          ),
        },
        { name: 'State', cell: (row) => <RolloutState state={row.state} /> },
        { name: 'Why', cell: (row) => row.reason ?? '' },
        { name: 'Guards', cell: (row) => (row.guards ? 'on' : 'off') },
        { name: 'Started', cell: (row) => <Time at={row.startedAt} now={now} /> },
        { name: 'Took', cell: (row) => <Took from={row.startedAt} to={row.endedAt ?? null} now={now} /> },
      ]}
    />
  );
}
