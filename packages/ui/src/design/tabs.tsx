import type { ReactNode } from 'react';
import css from './tabs.module.css';

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly count?: number | undefined;
}

/** Parts of a screen, one shown. Which one is in the address, so `onChoose` navigates. Arrow keys move between them. */
export function Tabs(props: {
  label: string;
  tabs: readonly Tab[];
  chosen: string;
  onChoose(id: string): void;
  children: ReactNode;
}) {
  const move = (step: number): void => {
    const index = props.tabs.findIndex((tab) => tab.id === props.chosen);
    const next = props.tabs[(index + step + props.tabs.length) % props.tabs.length];
    if (!next) return;
    props.onChoose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <>
      <div className={css['tabs']} role="tablist" aria-label={props.label}>
        {props.tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`tab-${tab.id}`}
            aria-selected={tab.id === props.chosen}
            aria-controls="tab-content"
            tabIndex={tab.id === props.chosen ? 0 : -1}
            onClick={() => props.onChoose(tab.id)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowRight') move(1);
              if (event.key === 'ArrowLeft') move(-1);
            }}
          >
            {tab.label}
            {tab.count !== undefined && <span className={css['count']}>{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-content" aria-labelledby={`tab-${props.chosen}`}>
        {props.children}
      </div>
    </>
  );
}
