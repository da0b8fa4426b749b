import { Link } from '@tanstack/react-router';
import { phases, type Phase } from '../../design/cycle-ring.tsx';
import { Facts } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { ringOf, type ProjectFacts } from './project-state.ts';

/** The ring in words: each phase with its state and the page where it is worked on. */
export function Phases({ facts }: { facts: ProjectFacts }) {
  const { states } = ringOf(facts);
  const pages: Record<Phase, string> = {
    design: `/projects/${facts.project}`,
    data: `/projects/${facts.project}/datasets`,
    model: `/projects/${facts.project}/pipeline-runs`,
    operations: `/projects/${facts.project}/cycles`,
  };
  return (
    <Facts
      items={phases.map((phase) => [
        phase,
        <Link key={phase} to={pages[phase]}>
          <State tone={states[phase]?.tone ?? 'unknown'}>{states[phase]?.word ?? 'quiet'}</State>
        </Link>,
      ])}
    />
  );
}
