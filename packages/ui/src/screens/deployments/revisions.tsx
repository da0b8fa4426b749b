import { Link } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply, RevisionReply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { counted } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet, Row, Stack } from '../../design/page.tsx';
import { ReasonAction } from '../../design/reason-dialog.tsx';
import { State } from '../../design/state.tsx';
import { Table, type Column } from '../../design/table.tsx';
import { Time, Took } from '../../design/time.tsx';

/** What was served under the name, newest first; one that has been champion can be gone back to. */
export function Revisions({ deployment, shown = Infinity }: { deployment: DeploymentReply; shown?: number }) {
  const now = useNow();
  const read = useRead(api.deployments.revisions, { params: { deployment: deployment.name } });
  return (
    <Loaded of={read}>
      {({ items }) => {
        if (items.length === 0) return <Empty title="No revision yet" />;
        return (
          <Stack>
            <Table
              caption="Revisions"
              rows={items.slice(0, shown)}
              keyOf={(row) => row.number}
              columns={columnsOf(deployment, items, now)}
            />
            {items.length > shown && <Quiet>{`and ${items.length - shown} before, in the tab “History”`}</Quiet>}
          </Stack>
        );
      }}
    </Loaded>
  );
}

function columnsOf(
  deployment: DeploymentReply,
  items: readonly RevisionReply[],
  now: number,
): readonly Column<RevisionReply>[] {
  const isConverting = items.some((row) => Object.keys(row.inputAdapters).length > 0);
  return [
    { name: 'Revision', isNumber: true, cell: (row) => row.number },
    {
      name: 'Version',
      isWhole: true,
      cell: (row) => (
        <Link to="/models/$model/versions/$version" params={{ model: row.model, version: String(row.version) }}>
          {`v${row.version}`}
        </Link>
      ),
    },
    { name: 'Flavor', isWhole: true, cell: (row) => row.flavor },
    ...(deployment.project === null
      ? []
      : [{ name: 'Threshold', isNumber: true, cell: (row: RevisionReply) => row.threshold.toFixed(3) }]),
    ...(isConverting ? [{ name: 'Converts', cell: (row: RevisionReply) => convertedBy(row) }] : []),
    { name: 'Changes', cell: (row) => <Changes of={row} /> },
    { name: 'Model', isWhole: true, cell: (row) => <Id value={row.modelDigest} /> },
    {
      name: 'Made',
      cell: (row) => (
        <>
          <Time at={row.createdAt} now={now} />
          <Quiet>{` by ${row.createdBy}`}</Quiet>
        </>
      ),
    },
    { name: 'Champion', cell: (row) => <Reigns revision={row} isOfTraffic={isChampion(deployment, row)} now={now} /> },
    ...(items.some((row) => canGoBack(deployment, row))
      ? [{ name: 'Go back', cell: (row: RevisionReply) => <GoBack deployment={deployment} revision={row} /> }]
      : []),
  ];
}

function Changes({ of: { changes } }: { of: RevisionReply }) {
  if (changes === null) return <Quiet>the first</Quiet>;
  return changes.length === 0 ? <Quiet>none</Quiet> : changes.join(', ');
}

function isChampion({ champion }: DeploymentReply, revision: RevisionReply): boolean {
  return champion?.number === revision.number;
}

function canGoBack(deployment: DeploymentReply, revision: RevisionReply): boolean {
  return revision.championIn.length > 0 && !isChampion(deployment, revision);
}

function convertedBy({ inputAdapters }: RevisionReply): string {
  const adapters = Object.entries(inputAdapters);
  return adapters.map(([column, { multiply, add }]) => `${column} × ${multiply} + ${add}`).join(', ') || 'nothing';
}

/** When it was champion last, and how often before. */
function Reigns({ revision, isOfTraffic, now }: { revision: RevisionReply; isOfTraffic: boolean; now: number }) {
  const { championIn } = revision;
  const last = championIn.at(-1);
  if (!last) return <Quiet>never</Quiet>;
  const before = championIn.length - 1;
  const earlier = before > 0 ? `, and ${counted(before, 'time')} before` : '';
  if (!isOfTraffic || last.to !== null) {
    return (
      <>
        <Time at={last.from} now={now} />
        {', for '}
        <Took from={last.from} to={last.to ?? now} now={now} />
        <Quiet>{earlier}</Quiet>
      </>
    );
  }
  return (
    <Row>
      <State tone="success">champion</State>
      <span>
        since <Time at={last.from} now={now} />
        <Quiet>{earlier}</Quiet>
      </span>
    </Row>
  );
}

function GoBack({ deployment, revision }: { deployment: DeploymentReply; revision: RevisionReply }) {
  if (!canGoBack(deployment, revision)) return null;
  if (deployment.rollout) return <Quiet>once the rollout has ended</Quiet>;
  const goBack = async (reason: string): Promise<void> => {
    await api.deployments.rollBack({
      params: { deployment: deployment.name },
      body: { reason, to: revision.number },
    });
    await refresh();
  };
  return (
    <ReasonAction
      label="Go back to this"
      title={`Go back to revision ${revision.number}`}
      effect={`${revision.model} v${revision.version} answers in place of revision ${deployment.champion?.number ?? 'none'}, as soon as each replica has it loaded.`}
      act={goBack}
    />
  );
}
