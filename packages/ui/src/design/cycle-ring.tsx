import css from './cycle-ring.module.css';
import type { Tone } from './state.tsx';

export const phases = ['design', 'data', 'model', 'operations'] as const;
export type Phase = (typeof phases)[number];

export interface CycleRingProps {
  /** State of each phase; a phase without one is quiet. */
  readonly states: Readonly<Partial<Record<Phase, { readonly tone: Tone; readonly word: string }>>>;
  /** Phase in which the current turn is. */
  readonly position?: Phase | undefined;
  /** The one thing that matters now, and up to two lines below it. */
  readonly head: string;
  readonly lines?: readonly string[];
}

const CENTRE = 130;
const RADIUS = 98;
const GAP_DEGREES = 9;

function point(degrees: number, radius: number): [number, number] {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return [CENTRE + radius * Math.cos(angle), CENTRE + radius * Math.sin(angle)];
}

function arc(index: number): string {
  const [x1, y1] = point(index * 90 + GAP_DEGREES, RADIUS);
  const [x2, y2] = point((index + 1) * 90 - GAP_DEGREES, RADIUS);
  return `M${x1.toFixed(2)} ${y1.toFixed(2)}A${RADIUS} ${RADIUS} 0 0 1 ${x2.toFixed(2)} ${y2.toFixed(2)}`;
}

/** The life cycle as a ring: an arc a phase, clockwise from the top, the turn's place on it, the answer in the middle. */
export function CycleRing({ states, position, head, lines = [] }: CycleRingProps) {
  const summary = phases.map((phase) => `${phase}: ${states[phase]?.word ?? 'quiet'}`).join(', ');
  const [dotX, dotY] = point((position ? phases.indexOf(position) : 0) * 90 + 45, RADIUS);
  return (
    <svg className={css['ring']} viewBox="-45 20 350 220" role="img" aria-label={`${head}. ${summary}`}>
      {phases.map((phase, index) => {
        const [labelX, labelY] = point(index * 90 + 45, RADIUS + 12);
        const anchor = index < 2 ? 'start' : 'end';
        return (
          <g key={phase}>
            <path className={`${css['arc']} ${css[states[phase]?.tone ?? ''] ?? ''}`} d={arc(index)}>
              <title>{`${phase}: ${states[phase]?.word ?? 'quiet'}`}</title>
            </path>
            <text className={css['label']} x={labelX} y={labelY + 4} textAnchor={anchor}>
              {phase}
            </text>
          </g>
        );
      })}
      {position && <circle className={css['position']} cx={dotX} cy={dotY} r="7" />}
      <text className={css['head']} x={CENTRE} y={CENTRE - (lines.length > 0 ? 6 : -4)}>
        {head}
      </text>
      {lines.slice(0, 2).map((line, index) => (
        <text key={line} className={css['line']} x={CENTRE} y={CENTRE + 12 + index * 16}>
          {line}
        </text>
      ))}
    </svg>
  );
}
