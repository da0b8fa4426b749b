import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Toasts } from '../design/toast.tsx';
import { Crumbs } from './crumbs.tsx';
import { followFeed } from './feed.ts';
import { wings } from './navigation.ts';
import { useProjectChoice } from './project-choice.ts';
import { ServerState } from './server-state.tsx';
import css from './shell.module.css';
import { ThemeSwitch } from './theme.tsx';

const CommandPalette = lazy(() =>
  import('./command-palette.tsx').then((module) => ({ default: module.CommandPalette })),
);

/** Rail with the wings, bar with the place and the server's state, and the screen. */
export function Shell() {
  const queries = useQueryClient();
  useEffect(() => followFeed(queries), [queries]);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setPaletteOpen(true);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <div className={css['shell']}>
      <a className={css['skip']} href="#content">
        Skip to content
      </a>
      <Rail />
      <div className={css['main']}>
        <header className={css['bar']}>
          <Crumbs />
          <div className={css['tools']}>
            <ServerState />
            <button type="button" className={css['search']} onClick={() => setPaletteOpen(true)}>
              Go to… <kbd>Ctrl K</kbd>
            </button>
            <ThemeSwitch />
          </div>
        </header>
        <Outlet />
        <Toasts />
      </div>
      {isPaletteOpen && (
        <Suspense fallback={null}>
          <CommandPalette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Rail() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { project, names } = useProjectChoice();
  const places = wings(project);
  return (
    <nav className={css['rail']} aria-label="Main">
      <Link to="/" className={css['brand']}>
        <img src="/favicon.svg" width="22" height="22" alt="" />
        Capstan
      </Link>
      {names.length > 1 && <ProjectSwitch project={project ?? ''} names={names} />}
      {places.map((wing) => (
        <div key={wing.name}>
          {wing.name !== '' && <p className={css['wing']}>{wing.name}</p>}
          <ul className={css['links']}>
            {wing.links.map(({ href, label }) => (
              <li key={href}>
                {/* Exact: the link itself would mark every place above the page too. */}
                <Link to={href} activeOptions={{ exact: true }} aria-current={isAt(path, href) ? 'page' : undefined}>
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** A list is marked on the pages of its items too; a project's own page and the overview are not. */
function isAt(path: string, href: string): boolean {
  if (path === href) return true;
  const isList = href !== '/' && !/^\/projects(\/[^/]+)?$/.test(href);
  return isList && path.startsWith(`${href}/`);
}

function ProjectSwitch({ project, names }: { project: string; names: readonly string[] }) {
  const navigate = useNavigate();
  return (
    <label className={css['project']}>
      Project
      <select
        value={project}
        onChange={(event) => void navigate({ to: '/projects/$project', params: { project: event.target.value } })}
      >
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
