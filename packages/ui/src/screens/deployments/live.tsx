import { Link } from '@tanstack/react-router';
import type { DeploymentReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { percent } from '../../design/format.ts';
import { Empty, Quiet } from '../../design/page.tsx';
import { Table, type Column } from '../../design/table.tsx';
import { DeploymentState } from './deployment-state.tsx';
import { servedBy } from './served-by.ts';

/** Which version answers under which name, and how well it is. */
export function Live({ deployments, project }: { deployments: readonly DeploymentReply[]; project?: string }) {
  if (deployments.length === 0) return project === undefined ? <NothingServed /> : <NothingServedOf />;
  return (
    <Table
      caption="Deployments"
      rows={deployments}
      keyOf={(row) => row.name}
      columns={[...columns, ...(project === undefined ? [projectColumn] : [])]}
    />
  );
}

const columns: readonly Column<DeploymentReply>[] = [
  {
    name: 'Deployment',
    sortBy: (row) => row.name,
    cell: (row) => (
      <Link to="/deployments/$deployment" params={{ deployment: row.name }}>
        {row.name}
      </Link>
    ),
  },
  { name: 'State', isWhole: true, cell: (row) => <DeploymentState deployment={row} /> },
  {
    name: 'Champion',
    cell: (row) =>
      row.champion ? (
        <VersionLink model={row.champion.model} version={row.champion.version} />
      ) : (
        <Quiet>none yet</Quiet>
      ),
  },
  {
    name: 'Flavor',
    isWhole: true,
    sortBy: (row) => row.champion?.flavor,
    cell: (row) => row.champion?.flavor ?? '–',
  },
  {
    name: 'Rollout',
    cell: (row) => (row.rollout ? <RolloutNote rollout={row.rollout} /> : <Quiet>none</Quiet>),
  },
  { name: 'Replicas', isWhole: true, cell: (row) => <ReplicasNote deployment={row} /> },
];

const projectColumn: Column<DeploymentReply> = {
  name: 'Project',
  isWhole: true,
  sortBy: (row) => row.project,
  cell: (row) =>
    row.project === null ? (
      <Quiet>no project</Quiet>
    ) : (
      <Link to="/projects/$project" params={{ project: row.project }}>
        {row.project}
      </Link>
    ),
};

function NothingServed() {
  return (
    <Empty title="Nothing is served yet">
      <span>
        Any registered model can be: <Link to="/models">see the models</Link>. The newest version answers at once.
      </span>
      <Command>capstan deploy MODEL --wait</Command>
      <span>A project may declare a deployment in its capstan.yaml: then a cycle rolls out what passes the gates.</span>
    </Empty>
  );
}

function NothingServedOf() {
  return (
    <Empty title="Nothing is served yet">
      <span>Declare a deployment in capstan.yaml; a cycle rolls out what passes the gates.</span>
      <Command>capstan apply</Command>
    </Empty>
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

function ReplicasNote({ deployment }: { deployment: DeploymentReply }) {
  const { serving, reporting } = servedBy(deployment);
  if (reporting === 0) return <Quiet>none reports</Quiet>;
  return <>{`${serving} of ${reporting}`}</>;
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
