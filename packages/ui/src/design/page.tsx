import { useEffect, type ReactNode } from 'react';
import css from './page.module.css';

/** A screen: title row with state and the one primary action, a line on what it is about, then its content. */
export function Page(props: {
  title: string;
  state?: ReactNode;
  actions?: ReactNode;
  about?: ReactNode;
  /** Takes the whole window: for what scrolls by itself. */
  isFull?: boolean;
  children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${props.title} · Capstan`;
  }, [props.title]);
  return (
    <main className={`${css['page']} ${props.isFull ? css['full'] : ''}`} id="content" tabIndex={-1}>
      <div className={css['title']}>
        <h1>{props.title}</h1>
        {props.state}
        {props.actions && <div className={css['actions']}>{props.actions}</div>}
        {props.about && <p className={css['about']}>{props.about}</p>}
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

/** Two equal columns that fold. */
export function Halves({ children }: { children: ReactNode }) {
  return <div className={css['halves']}>{children}</div>;
}

export function Section(props: { title: string; note?: ReactNode; id?: string; children: ReactNode }) {
  const { title, note, id, children } = props;
  return (
    <section className={css['section']} id={id}>
      <h2>
        {title}
        {note !== undefined && <span className={css['note']}>{note}</span>}
      </h2>
      {children}
    </section>
  );
}

/** Names and values; what is not said is left out. */
export function Facts({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css['facts']}>
      {items
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
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

/** Words of less weight. */
export function Quiet({ children }: { children: ReactNode }) {
  return <span className={css['quiet']}>{children}</span>;
}

/** Things one below the other. */
export function Stack({ children }: { children: ReactNode }) {
  return <div className={css['stack']}>{children}</div>;
}

/** Things in a row that wraps. */
export function Row({ children }: { children: ReactNode }) {
  return <div className={css['row']}>{children}</div>;
}
