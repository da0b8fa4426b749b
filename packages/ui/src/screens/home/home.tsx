import { Link } from '@tanstack/react-router';
import { api, useRead } from '../../app/api.ts';
import { Command } from '../../design/copy.tsx';
import { CycleRing } from '../../design/cycle-ring.tsx';
import { moment } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Halves, Page, Quiet, Section, Stack } from '../../design/page.tsx';
import { Failure } from '../../design/problem.tsx';
import { State } from '../../design/state.tsx';
import { News } from '../audit/news.tsx';
import { Live } from '../deployments/live.tsx';
import { LatestRuns } from '../experiments/latest-runs.tsx';
import { Needs } from '../projects/needs.tsx';
import { healthOf, ringOf } from '../projects/project-state.ts';
import { useProjectFacts } from '../projects/use-project-facts.ts';

/** What is live, is it healthy, what changed, what needs me. */
export function Home() {
  const projects = useRead(api.projects.list, {});
  return (
    <Page title="Overview">
      <Loaded of={projects}>
        {({ items }) =>
          items.length === 0 ? <FirstSteps /> : items.map(({ name }) => <ProjectCard key={name} name={name} />)
        }
      </Loaded>
      <WithoutProject />
      <LatestRuns />
      <Columns aside={<Installation />}>
        <Section title="What changed">
          <News />
        </Section>
      </Columns>
    </Page>
  );
}

/** A project at a glance: the ring, what needs someone, what answers. */
function ProjectCard({ name }: { name: string }) {
  const { facts, error } = useProjectFacts(name);
  if (error && !facts) return <Failure error={error} />;
  if (!facts) return null;
  const health = healthOf(facts);
  return (
    <Section
      title={name}
      note={
        <>
          <State tone={health.tone}>{health.word}</State> ·{' '}
          <Link to="/projects/$project" params={{ project: name }}>
            project page
          </Link>
        </>
      }
    >
      <Halves>
        <CycleRing {...ringOf(facts)} />
        <Stack>
          <h3>Needs you</h3>
          <Needs needs={facts.needs} />
          <h3>Live</h3>
          <Live deployments={facts.deployments} />
        </Stack>
      </Halves>
    </Section>
  );
}

/** What deployments need that no project declares; nothing where they need nothing. */
function WithoutProject() {
  const needs = useRead(api.needs.list, {}).data?.items.filter(({ project }) => project === null) ?? [];
  if (needs.length === 0) return null;
  return (
    <Section title="Deployments without a project">
      <h3>Needs you</h3>
      <Needs needs={needs} />
    </Section>
  );
}

function FirstSteps() {
  return (
    <Section title="Projects">
      <Halves>
        <CycleRing states={{}} head="No project yet" lines={['the cycle starts with one']} />
        <Empty title="Declare a project, or watch the example turn">
          <span>In a folder with a capstan.yaml:</span>
          <Command>capstan apply</Command>
          <span>A whole year of real flights, in a few minutes:</span>
          <Command>npm run demo</Command>
          <Quiet>This page shows it as soon as it is there.</Quiet>
        </Empty>
      </Halves>
    </Section>
  );
}

function Installation() {
  const { data } = useRead(api.system.status, {});
  if (!data) return null;
  return (
    <Facts
      items={[
        ['Version', data.version],
        ['Database', data.database],
        ['Clock', `${data.clock}, ${moment(data.now)}`],
        ['Facts', data.lastEventSeq],
        ['Jobs', `${data.jobs.running} running, ${data.jobs.due} due, ${data.jobs.scheduled} later`],
        ...(data.jobs.discarded > 0 ? [['Given up', `${data.jobs.discarded} jobs`] as const] : []),
      ]}
    />
  );
}
