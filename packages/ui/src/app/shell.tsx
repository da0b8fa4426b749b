import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { State } from '../design/state.tsx';
import { api } from './api.ts';
import { followFeed } from './feed.ts';
import { wings } from './navigation.ts';
import css from './shell.module.css';
import { ThemeSwitch } from './theme.tsx';

/** Rail with the wings, bar with the place and the server's state, and the screen. */
export function Shell() {
  const queries = useQueryClient();
  useEffect(() => followFeed(queries), [queries]);
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <div className={css['shell']}>
      <a className={css['skip']} href="#content">
        Skip to content
      </a>
      <nav className={css['rail']} aria-label="Main">
        <Link to="/" className={css['brand']}>
          <img src="/favicon.svg" width="22" height="22" alt="" />
          Capstan
        </Link>
        {wings.map((wing) => (
          <div key={wing.name}>
            {wing.name !== '' && <p className={css['wing']}>{wing.name}</p>}
            <ul className={css['links']}>
              {wing.links.map(({ to, label }) => (
                <li key={to}>
                  <Link to={to} aria-current={path === to ? 'page' : undefined}>
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div>
        <header className={css['bar']}>
          <ServerState />
          <ThemeSwitch />
        </header>
        <Outlet />
      </div>
    </div>
  );
}

function ServerState() {
  const status = useQuery({ queryKey: ['status'], queryFn: () => api.system.status({}) });
  if (status.error) return <State tone="danger">Server not reachable</State>;
  if (!status.data) return <State tone="unknown">Connecting</State>;
  const { running, due } = status.data.jobs;
  return running + due > 0 ? (
    <State tone="working">{`${running + due} jobs at work`}</State>
  ) : (
    <State tone="success">All quiet</State>
  );
}
