import { ApiError } from '@capstan/client';
import { useEffect, type ReactNode } from 'react';
import css from './page.module.css';
import { State } from './state.tsx';

/** A screen: title row with state and the one primary action, then its content. */
export function Page(props: { title: string; state?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · Capstan`;
  }, [props.title]);
  return (
    <main className={css['page']} id="content" tabIndex={-1}>
      <div className={css['title']}>
        <h1>{props.title}</h1>
        {props.state}
        {props.actions && <div className={css['actions']}>{props.actions}</div>}
      </div>
      {props.children}
    </main>
  );
}

/** Main column and the column of facts, which folds below it on narrow screens. */
export function Columns({ children, aside }: { children: ReactNode; aside: ReactNode }) {
  return (
    <div className={css['columns']}>
      <div>{children}</div>
      <aside aria-label="Facts">{aside}</aside>
    </div>
  );
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css['section']}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Names and values. */
export function Facts({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css['facts']}>
      {items.map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** Nothing here yet: why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css['empty']}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** What failed, why, what to do, under which request id. */
export function Failure({ error }: { error: unknown }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div className={css['problem']} role="alert">
      <State tone="danger">{problem?.title ?? 'Something failed'}</State>
      <p>{problem?.detail ?? String(error)}</p>
      {problem?.hint && <p>{problem.hint}</p>}
      {problem?.requestId && (
        <p>
          Request <code>{problem.requestId}</code>
        </p>
      )}
    </div>
  );
}
