import type { EvidenceRef } from '../../app/replies.ts';
import { Link } from '@tanstack/react-router';
import { Row } from '../../design/page.tsx';
import { short } from '../../design/format.ts';

/** The things a decision rests on, each as a link to its page. */
export function Evidence({ project, refs }: { project: string; refs: readonly EvidenceRef[] }) {
  if (refs.length === 0) return null;
  return (
    <Row>
      {refs.map((ref) => (
        <Link key={`${ref.kind} ${ref.id}`} to={addressOf(project, ref)}>
          {nameOf(ref)}
        </Link>
      ))}
    </Row>
  );
}

function nameOf({ kind, id }: EvidenceRef): string {
  if (kind === 'event') return `fact ${id}`;
  if (kind === 'model-version') return id.replace(/\/(\d+)$/, ' v$1');
  if (kind === 'deployment') return id;
  return `${kind.replace('-', ' ')} ${short(id.replace(/^[a-z]+_/, ''))}`;
}

function addressOf(project: string, { kind, id }: EvidenceRef): string {
  const part = encodeURIComponent(id);
  switch (kind) {
    case 'event':
      return `/audit?at=${part}`;
    case 'monitor':
      return `/projects/${encodeURIComponent(project)}/monitors`;
    case 'model-version': {
      const slash = id.lastIndexOf('/');
      return `/models/${encodeURIComponent(id.slice(0, slash))}/versions/${id.slice(slash + 1)}`;
    }
    case 'dataset-version':
    case 'pipeline-run':
    case 'verdict':
    case 'deployment':
    case 'rollout':
      return `/${kind}s/${part}`;
  }
}
