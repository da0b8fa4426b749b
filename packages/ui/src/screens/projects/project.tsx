import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import type { ProjectReply } from '../../app/replies.ts';
import { CycleRing } from '../../design/cycle-ring.tsx';
import { duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Facts, Halves, Page, Section, Stack } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { State } from '../../design/state.tsx';
import { Time } from '../../design/time.tsx';
import { News } from '../audit/news.tsx';
import { CycleTable } from '../cycles/cycle-table.tsx';
import { DatasetTable } from '../datasets/dataset-table.tsx';
import { Live } from '../deployments/live.tsx';
import { Charter } from './charter.tsx';
import { Needs } from './needs.tsx';
import { Phases } from './phases.tsx';
import { healthOf, ringOf } from './project-state.ts';
import { Revisions } from './revisions.tsx';
import { useProjectFacts } from './use-project-facts.ts';

/** A project: the cycle with the state of each phase, the charter, and what belongs to each phase. */
export function Project() {
  const { project } = useParams({ from: '/projects/$project' });
  const declared = useRead(api.projects.get, { params: { project } });
  const { facts, error } = useProjectFacts(project);
  const health = facts && healthOf(facts);
  return (
    <Page
      title={project}
      state={health && <State tone={health.tone}>{health.word}</State>}
      about={declared.data?.declaration.charter.decision}
    >
      {error !== null && <Failure error={error} />}
      <Loaded of={declared}>
        {(data) => (
          <Columns aside={<Aside project={data} />}>
            {facts && (
              <Halves>
                <CycleRing {...ringOf(facts)} />
                <Stack>
                  <h2>Phases</h2>
                  <Phases facts={facts} />
                  <h2>Needs you</h2>
                  <Needs needs={facts.needs} />
                </Stack>
              </Halves>
            )}
            <Section title="Charter">
              <Charter charter={data.declaration.charter} />
            </Section>
            <Section title="Live">
              <Live deployments={facts?.deployments ?? []} project={project} />
            </Section>
            <Section
              title="Cycles"
              note={
                <Link to="/projects/$project/cycles" params={{ project }}>
                  all of them
                </Link>
              }
            >
              <CycleTable project={project} shown={5} />
            </Section>
            <Section title="Datasets">
              <DatasetTable project={project} />
            </Section>
            <Section title="What changed">
              <News project={project} shown={8} />
            </Section>
            <Section title="Revisions of capstan.yaml">
              <Revisions project={project} />
            </Section>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Aside({ project }: { project: ProjectReply }) {
  const now = useNow();
  const { declaration } = project;
  const experiment = useRead(api.experiments.list, { query: { filter: `name = '${project.name}'`, limit: 1 } }).data
    ?.items[0];
  return (
    <Facts
      items={[
        ['Owner', project.owner],
        ['Revision', project.revision],
        ['Applied', <Time key="applied" at={project.appliedAt} now={now} />],
        ['Folder', <code key="folder">{project.folder}</code>],
        ['Pipeline', declaration.pipeline ?? 'none'],
        [
          'Model',
          declaration.model ? (
            <Link key="model" to="/models/$model" params={{ model: declaration.model.name }}>
              {declaration.model.name}
            </Link>
          ) : (
            'none'
          ),
        ],
        [
          'Gates',
          declaration.gates.length === 0
            ? 'none'
            : declaration.gates.map((gate) => gate.check.replaceAll('_', ' ')).join(', '),
        ],
        [
          'Runs',
          experiment ? (
            <Link key="runs" to="/experiments/$experiment" params={{ experiment: experiment.id }}>
              {experiment.runs.active}
            </Link>
          ) : (
            'none yet'
          ),
        ],
        [
          'Retraining',
          declaration.retrain
            ? `on ${declaration.retrain.on.map((on) => (typeof on === 'string' ? on.replace('_', ' ') : `schedule ${on.schedule}`)).join(', ')}; ` +
              `at most every ${duration(declaration.retrain.cool_down)}, ${declaration.retrain.max_per_month} a month, ` +
              `with ${declaration.retrain.min_labels.toLocaleString('en')} labels`
            : 'by hand',
        ],
      ]}
    />
  );
}
