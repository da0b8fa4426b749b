import css from './stage-graph.module.css';
import { StateIcon, type Tone } from './state.tsx';

/** A stage among those it waits for. */
export interface GraphStep {
  readonly key: string;
  readonly label: string;
  readonly tone: Tone;
  readonly word: string;
  readonly isCurrent: boolean;
  /** Keys of those it waits for; each stands before it in the list. */
  readonly after: readonly string[];
}

const WIDTH = 190;
const HEIGHT = 52;
const ACROSS = 44;
const DOWN = 12;

interface Placed {
  readonly step: GraphStep;
  readonly x: number;
  readonly y: number;
}

/** Stages from left to right, each behind those it waits for; those below each other do not wait for each other. */
export function StageGraph(props: { label: string; steps: readonly GraphStep[]; onChoose(key: string): void }) {
  const { placed, width, height } = layOut(props.steps);
  const byKey = new Map(placed.map((each) => [each.step.key, each]));
  return (
    // Wider than the page with many stages: then it can be scrolled, by the keyboard too.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css['frame']} tabIndex={0} role="group" aria-label={props.label}>
      <div className={css['graph']} style={{ width, height }}>
        <svg width={width} height={height} aria-hidden>
          {placed.flatMap(({ step, x, y }) =>
            step.after.map((key) => {
              const from = byKey.get(key);
              return from && <path key={`${key} ${step.key}`} d={lineBetween(from, { x, y })} />;
            }),
          )}
        </svg>
        <ol>
          {placed.map(({ step, x, y }) => (
            <li key={step.key} style={{ left: x, top: y, width: WIDTH, height: HEIGHT }}>
              <button
                type="button"
                aria-current={step.isCurrent ? 'step' : undefined}
                title={step.label}
                onClick={() => props.onChoose(step.key)}
              >
                <StateIcon tone={step.tone} />
                <span>
                  {step.label}
                  <small>{step.word}</small>
                </span>
              </button>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

function layOut(steps: readonly GraphStep[]): { placed: Placed[]; width: number; height: number } {
  const columns = new Map<string, number>();
  const filled: number[] = [];
  const placed = steps.map((step) => {
    const column = Math.max(0, ...step.after.map((key) => (columns.get(key) ?? -1) + 1));
    columns.set(step.key, column);
    const row = filled[column] ?? 0;
    filled[column] = row + 1;
    return { step, x: column * (WIDTH + ACROSS), y: row * (HEIGHT + DOWN) };
  });
  const rows = Math.max(0, ...filled);
  return {
    placed,
    width: filled.length * (WIDTH + ACROSS) - ACROSS,
    height: rows * (HEIGHT + DOWN) - DOWN,
  };
}

function lineBetween(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const [x1, y1] = [from.x + WIDTH, from.y + HEIGHT / 2];
  const [x2, y2] = [to.x, to.y + HEIGHT / 2];
  // Straight past what stands between, then over within the last gap.
  const turn = x2 - ACROSS;
  return `M${x1} ${y1}H${turn}C${turn + ACROSS / 2} ${y1} ${x2 - ACROSS / 2} ${y2} ${x2} ${y2}`;
}
