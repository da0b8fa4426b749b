import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { healthOf } from './project-state.ts';
import { useProjectFacts } from './use-project-facts.ts';

/** All projects, each with its health. */
export function Projects() {
  const now = useNow();
  const projects = useRead(api.projects.list, {});
  return (
    <Page title="Projects">
      <Loaded of={projects}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No project yet">
              <span>A project is declared in a capstan.yaml. In its folder:</span>
              <Command>capstan apply</Command>
            </Empty>
          ) : (
            <Table
              caption="Projects"
              rows={items}
              keyOf={(row) => row.name}
              columns={[
                {
                  name: 'Project',
                  sortBy: (row) => row.name,
                  cell: (row) => (
                    <Link to="/projects/$project" params={{ project: row.name }}>
                      {row.name}
                    </Link>
                  ),
                },
                { name: 'Health', cell: (row) => <Health project={row.name} /> },
                { name: 'Decision it serves', cell: (row) => row.decision },
                { name: 'Owner', sortBy: (row) => row.owner, cell: (row) => row.owner },
                { name: 'Revision', isNumber: true, cell: (row) => row.revision },
                {
                  name: 'Applied',
                  sortBy: (row) => row.appliedAt,
                  cell: (row) => <Time at={row.appliedAt} now={now} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function Health({ project }: { project: string }) {
  const { facts } = useProjectFacts(project);
  const health = facts ? healthOf(facts) : { tone: 'unknown' as const, word: 'reading' };
  return <State tone={health.tone}>{health.word}</State>;
}
