import { Link } from '@tanstack/react-router';
import css from '../../design/list.module.css';
import { Quiet } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import type { NeedReply } from '../../app/replies.ts';

/** What a person should see to. */
export function Needs({ needs }: { needs: readonly NeedReply[] }) {
  if (needs.length === 0) return <Quiet>Nothing needs you.</Quiet>;
  return (
    <ul className={css['list']}>
      {needs.map((need) => (
        <li key={`${need.page} ${need.text}`}>
          <Link to={need.page}>{need.text}</Link>
          <State tone={need.gravity}>{need.gravity === 'danger' ? 'act now' : 'look'}</State>
        </li>
      ))}
    </ul>
  );
}
