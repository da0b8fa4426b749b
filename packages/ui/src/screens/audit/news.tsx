import { Link } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty } from '../../design/page.tsx';
import { Time } from '../../design/time.tsx';
import css from '../../design/list.module.css';
import { isNews, sentenceOf } from './sentence.ts';

const READ = 500;

/** What happened last, newest first, in words; details are left to the audit page. */
export function News({ project, shown = 12 }: { project?: string; shown?: number }) {
  const now = useNow();
  const status = useRead(api.system.status, {});
  const after = Math.max(0, (status.data?.lastEventSeq ?? 0) - READ);
  const events = useRead(
    api.system.events,
    { query: { after, limit: READ, ...(project !== undefined && { project }) } },
    { isEnabled: status.data !== undefined, isKept: true },
  );
  return (
    <Loaded of={events}>
      {({ items }) => {
        const news = items.filter(isNews).toReversed().slice(0, shown);
        if (news.length === 0) return <Empty title="Nothing has happened lately" />;
        return (
          <ul className={css['list']}>
            {news.map((event) => {
              const { text, href } = sentenceOf(event);
              return (
                <li key={event.seq}>
                  <span>{href ? <Link to={href}>{text}</Link> : text}</span>
                  <span className={css['aside']}>
                    <Time at={event.at} now={now} />
                  </span>
                </li>
              );
            })}
          </ul>
        );
      }}
    </Loaded>
  );
}
