import { Link } from '@tanstack/react-router';
import css from '../../design/list.module.css';
import { Quiet } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import type { Need } from './project-state.ts';

/** What a person should see to. */
export function Needs({ needs }: { needs: readonly Need[] }) {
  if (needs.length === 0) return <Quiet>Nothing needs you.</Quiet>;
  return (
    <ul className={css['list']}>
      {needs.map((need) => (
        <li key={need.text}>
          <Link to={need.href}>{need.text}</Link>
          <State tone={need.tone}>{need.tone === 'danger' ? 'act now' : 'look'}</State>
        </li>
      ))}
    </ul>
  );
}
