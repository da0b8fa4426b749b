import { Link } from '@tanstack/react-router';
import type { DeploymentReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { percent } from '../../design/format.ts';
import { Empty } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { DeploymentState } from './deployment-state.tsx';

/** Which version answers under which name, and how well it is. */
export function Live({ deployments }: { deployments: readonly DeploymentReply[] }) {
  if (deployments.length === 0) {
    return (
      <Empty title="Nothing is served yet">
        <span>Declare a deployment in capstan.yaml; a cycle rolls out what passes the gates.</span>
        <Command>capstan apply</Command>
      </Empty>
    );
  }
  return (
    <Table
      caption="Deployments"
      rows={deployments}
      keyOf={(row) => row.name}
      columns={[
        {
          name: 'Deployment',
          cell: (row) => (
            <Link to="/deployments/$deployment" params={{ deployment: row.name }}>
              {row.name}
            </Link>
          ),
        },
        { name: 'State', cell: (row) => <DeploymentState deployment={row} /> },
        {
          name: 'Champion',
          cell: (row) =>
            row.champion ? <VersionLink model={row.champion.model} version={row.champion.version} /> : 'none',
        },
        { name: 'Rollout', cell: (row) => (row.rollout ? <RolloutNote rollout={row.rollout} /> : 'none') },
      ]}
    />
  );
}

/** A model version, as a link to its page. */
export function VersionLink({ model, version }: { model: string; version: number }) {
  return (
    <Link to="/models/$model/versions/$version" params={{ model, version: String(version) }}>
      {`${model} v${version}`}
    </Link>
  );
}

function RolloutNote({ rollout }: { rollout: NonNullable<DeploymentReply['rollout']> }) {
  const stage = rollout.plan[rollout.stage];
  const share = stage?.kind === 'canary' ? ` ${percent(stage.share)}` : '';
  return (
    <Link to="/rollouts/$rollout" params={{ rollout: rollout.id }}>
      {`revision ${rollout.revision}, ${rollout.state}${share}`}
    </Link>
  );
}
