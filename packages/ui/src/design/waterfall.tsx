import css from './waterfall.module.css';

/** One step: when it went on, as shares of the whole from 0 to 1. */
export interface Step {
  readonly id: string;
  readonly label: string;
  /** The kind of step; steps of one kind have one colour. */
  readonly kind: string;
  /** How deep under the first step it lies. */
  readonly depth: number;
  readonly from: number;
  readonly to: number;
  /** How long it took, in words. */
  readonly note: string;
  readonly isFailed: boolean;
}

const COLOURS = 8;
const DEEPEST_INDENT = 12;

/** Steps of a piece of work below each other, each where it lies in time. One of them is open. */
export function Waterfall(props: {
  label: string;
  steps: readonly Step[];
  chosen: string | undefined;
  onChoose(id: string): void;
}) {
  const kinds = [...new Set(props.steps.map((step) => step.kind))];
  return (
    <ol className={css['waterfall']} aria-label={props.label}>
      {props.steps.map((step) => (
        <li key={step.id}>
          <button
            type="button"
            aria-current={step.id === props.chosen ? 'true' : undefined}
            onClick={() => props.onChoose(step.id)}
          >
            <span className={css['name']} style={{ paddingLeft: `${Math.min(step.depth, DEEPEST_INDENT) * 14}px` }}>
              {step.label}
              <small>{step.isFailed ? `${step.kind} · failed` : step.kind}</small>
            </span>
            <span className={css['lane']} aria-hidden>
              <span
                className={step.isFailed ? css['failed'] : undefined}
                style={{
                  left: `${step.from * 100}%`,
                  width: `max(2px, ${(step.to - step.from) * 100}%)`,
                  background: step.isFailed ? undefined : `var(--data-${(kinds.indexOf(step.kind) % COLOURS) + 1})`,
                }}
              />
            </span>
            <span className={css['note']}>{step.note}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
