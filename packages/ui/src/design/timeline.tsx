import type { ReactNode } from 'react';
import { StateIcon, type Tone } from './state.tsx';
import css from './timeline.module.css';

export interface TimelineEntry {
  readonly key: string | number;
  readonly tone: Tone;
  /** What the icon says, for those who do not see it. */
  readonly word: string;
  readonly title: ReactNode;
  readonly when?: ReactNode;
  readonly children?: ReactNode;
}

/** What happened, in order, each with its state. */
export function Timeline({ label, entries }: { label: string; entries: readonly TimelineEntry[] }) {
  return (
    <ol className={css['timeline']} aria-label={label}>
      {entries.map((entry) => (
        <li key={entry.key}>
          <span className={css['mark']} role="img" aria-label={entry.word} title={entry.word}>
            <StateIcon tone={entry.tone} />
          </span>
          <div className={css['line']}>
            <span className={css['title']}>{entry.title}</span>
            {entry.when !== undefined && <span className={css['when']}>{entry.when}</span>}
          </div>
          {entry.children !== undefined && <div className={css['body']}>{entry.children}</div>}
        </li>
      ))}
    </ol>
  );
}
