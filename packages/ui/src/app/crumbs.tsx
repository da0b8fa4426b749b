import { Link, useMatches } from '@tanstack/react-router';
import css from './shell.module.css';

/** A place above the screen shown; the last one is the screen itself and has no address. */
export interface Crumb {
  readonly label: string;
  readonly href?: string;
}

type Params = Readonly<Record<string, string>>;

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** The way to the screen, from its address. */
    crumbs?: (params: Params) => readonly Crumb[];
  }
}

/** Where one is, each step a link. */
export function Crumbs() {
  const match = useMatches({ select: (matches) => matches.at(-1) });
  const crumbs = match?.staticData.crumbs?.(match.params as Params) ?? [];
  return (
    <nav aria-label="Breadcrumb" className={css['crumbs']}>
      <ol>
        {crumbs.map((crumb) => (
          <li key={crumb.label}>
            {crumb.href ? <Link to={crumb.href}>{crumb.label}</Link> : <span aria-current="page">{crumb.label}</span>}
          </li>
        ))}
      </ol>
    </nav>
  );
}

const at = (...parts: readonly string[]): string => `/${parts.map(encodeURIComponent).join('/')}`;

const projects: Crumb = { label: 'Projects', href: '/projects' };

/** Crumbs of a screen of a project. */
export function inProject(...labels: readonly string[]): (params: Params) => readonly Crumb[] {
  return (params) => {
    const project = params['project'] ?? '';
    return [
      projects,
      { label: project, ...(labels.length > 0 && { href: at('projects', project) }) },
      ...labels.map((label) => ({ label })),
    ];
  };
}

/** Crumbs of one of a list of a project: the list at `path`, then itself, named by the parameter `name`. */
export function inPartOfProject(label: string, path: string, name: string): (params: Params) => readonly Crumb[] {
  return (params) => {
    const project = params['project'] ?? '';
    return [
      projects,
      { label: project, href: at('projects', project) },
      { label, href: at('projects', project, path) },
      { label: params[name] ?? '' },
    ];
  };
}

/** Crumbs of an object: its list, then itself. */
export function inList(
  label: string,
  href: string,
  name: (params: Params) => string,
): (params: Params) => readonly Crumb[] {
  return (params) => [{ label, href }, { label: name(params) }];
}

/** A screen of its own. */
export function alone(label: string): () => readonly Crumb[] {
  return () => [{ label }];
}
