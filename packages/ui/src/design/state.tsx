import type { ReactNode } from 'react';
import css from './state.module.css';

export type Tone = 'success' | 'working' | 'attention' | 'danger' | 'unknown' | 'neutral';

/** Shapes differ too, so that nothing is told by colour alone. */
const shapes: Record<Tone, string> = {
  success: 'M3 7.5 6 10.500 11.500 4',
  working: 'M7 1.800a5.200 5.200 0 1 1-5.200 5.200',
  attention: 'M7 1.500 13 12H1ZM7 5.500v3M7 10.200v.200',
  danger: 'M3 3l8 8M11 3l-8 8',
  unknown: 'M5 5.200a2 2 0 1 1 2.700 1.900C7.200 7.300 7 7.600 7 8.300M7 10.700v.200',
  neutral: 'M4.500 7h5',
};

/** The icon of a state, for places where its word stands elsewhere. */
export function StateIcon({ tone }: { tone: Tone }) {
  return (
    <svg
      className={`${css['icon']} ${css[tone] ?? ''}`}
      width="14"
      height="14"
      viewBox="0 0 14 14"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      aria-hidden
    >
      <path d={shapes[tone]} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

/** A state: colour, icon and word together. */
export function State({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={`${css['state']} ${css[tone] ?? ''}`}>
      <StateIcon tone={tone} />
      {children}
    </span>
  );
}

/** A name that sticks to a thing: an alias, a role. */
export function Badge({ children }: { children: ReactNode }) {
  return <span className={css['badge']}>{children}</span>;
}
