import css from './stepper.module.css';
import { StateIcon, type Tone } from './state.tsx';

export interface Step {
  readonly key: string | number;
  readonly label: string;
  readonly tone: Tone;
  readonly word: string;
  readonly isCurrent: boolean;
}

/** Stages on a line, from first to last, with where it stands. */
export function Stepper({ label, steps }: { label: string; steps: readonly Step[] }) {
  return (
    <ol className={css['stepper']} aria-label={label}>
      {steps.map((step) => (
        <li key={step.key} aria-current={step.isCurrent ? 'step' : undefined}>
          <StateIcon tone={step.tone} />
          <span>
            {step.label}
            <small>{step.word}</small>
          </span>
        </li>
      ))}
    </ol>
  );
}
