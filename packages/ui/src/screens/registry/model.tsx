import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { CycleSummaryReply } from '../../app/replies.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Section } from '../../design/page.tsx';
import { Badge } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { ProjectLink, useIsProject } from '../projects/project-link.tsx';
import { CycleState } from '../cycles/cycle-state.tsx';
import { History } from './history.tsx';
import { tagsOfPeople } from './prompt.tsx';

const SHOWN = 500;

/** A registered model: its versions, and everything that happened to it. */
export function Model() {
  const { model } = useParams({ from: '/models/$model' });
  const read = useRead(api.registry.getModel, { params: { model } });
  const data = read.data;
  return (
    <Page
      title={model}
      state={data?.aliases.map((alias) => (
        <Badge key={alias.alias}>{`${alias.alias} → v${alias.version}`}</Badge>
      ))}
      about={data?.description}
    >
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside model={model} />}>
            <Section title="Versions">
              <Versions model={model} project={found.project} />
            </Section>
            <Section title="History">
              <History model={model} />
            </Section>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Versions({ model, project }: { model: string; project: string | null }) {
  const now = useNow();
  const versions = useRead(api.registry.listVersions, { params: { model }, query: { limit: SHOWN } });
  const cycles = useRead(
    api.cycles.list,
    { params: { project: project ?? '' }, query: { limit: SHOWN } },
    { isEnabled: useIsProject(project) },
  );
  const cycleOf = (version: number): CycleSummaryReply | undefined =>
    cycles.data?.items.find((cycle) => cycle.model === model && cycle.version === version);
  return (
    <Loaded of={versions}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No version yet" />
        ) : (
          <Table
            caption="Versions"
            rows={items}
            keyOf={(row) => row.version}
            columns={[
              {
                name: 'Version',
                sortBy: (row) => row.version,
                cell: (row) => (
                  <Link to="/models/$model/versions/$version" params={{ model, version: String(row.version) }}>
                    {`v${row.version}`}
                  </Link>
                ),
              },
              { name: 'Aliases', cell: (row) => row.aliases.map((alias) => <Badge key={alias}>{alias}</Badge>) },
              { name: 'What became of it', cell: (row) => <Fate cycle={cycleOf(row.version)} /> },
              {
                name: 'Run',
                cell: (row) =>
                  row.runId === null ? (
                    ''
                  ) : (
                    <Link to="/runs/$run" params={{ run: row.runId }}>
                      <code>{row.runId.slice(0, 8)}</code>
                    </Link>
                  ),
              },
              { name: 'By', cell: (row) => row.createdBy },
              {
                name: 'Registered',
                sortBy: (row) => row.createdAt,
                cell: (row) => <Time at={row.createdAt} now={now} />,
              },
              { name: 'About', cell: (row) => row.description ?? '' },
            ]}
          />
        )
      }
    </Loaded>
  );
}

/** How the turn that made a version ended. */
function Fate({ cycle }: { cycle: CycleSummaryReply | undefined }) {
  if (!cycle) return '';
  return (
    <>
      <CycleState state={cycle.state} />{' '}
      <Link to="/projects/$project/cycles/$cycle" params={{ project: cycle.project, cycle: String(cycle.number) }}>
        {`in cycle ${cycle.number}`}
      </Link>
    </>
  );
}

function Aside({ model }: { model: string }) {
  const now = useNow();
  const { data } = useRead(api.registry.getModel, { params: { model } });
  const deployments = useRead(api.deployments.list, { query: {} }).data?.items.filter(
    (deployment) => deployment.model === model,
  );
  if (!data) return null;
  return (
    <Facts
      items={[
        ['Project', data.project === null ? 'none' : <ProjectLink key="project" name={data.project} />],
        [
          'Deployments',
          !deployments || deployments.length === 0
            ? 'none'
            : deployments.map((deployment) => (
                <div key={deployment.name}>
                  <Link to="/deployments/$deployment" params={{ deployment: deployment.name }}>
                    {deployment.name}
                  </Link>
                </div>
              )),
        ],
        ['Created', <Time key="created" at={data.createdAt} now={now} />],
        ['Changed', <Time key="updated" at={data.updatedAt} now={now} />],
        ...tagsOfPeople(data.tags),
      ]}
    />
  );
}
