import type { ReactNode } from 'react';
import css from './tree.module.css';

/** A tree of names beside what is chosen in it. */
export function TreeLayout({ label, tree, children }: { label: string; tree: ReactNode; children: ReactNode }) {
  return (
    <div className={css['layout']}>
      <nav aria-label={label}>{tree}</nav>
      <div className={css['content']}>{children}</div>
    </div>
  );
}

export function Tree({ children }: { children: ReactNode }) {
  return <ul className={css['tree']}>{children}</ul>;
}

export function TreeFile(props: { name: string; note: string; isChosen: boolean; onChoose(): void }) {
  return (
    <li>
      <button type="button" aria-current={props.isChosen ? 'true' : undefined} onClick={props.onChoose}>
        {props.name} <small>{props.note}</small>
      </button>
    </li>
  );
}

export function TreeFolder(props: {
  name: string;
  note?: string;
  isOpen: boolean;
  onToggle(): void;
  children: ReactNode;
}) {
  return (
    <li>
      <button type="button" aria-expanded={props.isOpen} onClick={props.onToggle}>
        <span aria-hidden>{props.isOpen ? '▾ ' : '▸ '}</span>
        {props.name}/{props.note !== undefined && <small> {props.note}</small>}
      </button>
      {props.children}
    </li>
  );
}
