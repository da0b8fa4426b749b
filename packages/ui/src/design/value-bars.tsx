import { figure } from './format.ts';
import css from './value-bars.module.css';

export interface ValueBar {
  readonly key: string;
  readonly label: string;
  readonly value: number | 'NaN' | null;
  /** Which of the eight data colours, from 0. */
  readonly hue: number;
}

/** One value of each, side by side, from zero: what a line over one point cannot show. */
export function ValueBars(props: {
  title: string;
  unit: string;
  bars: readonly ValueBar[];
  /** Ends of the scale; the least and the greatest value, and zero, where left out. */
  range?: readonly [number, number];
}) {
  const { title, unit, bars, range = [0, 0] } = props;
  const values = bars.map(({ value }) => (typeof value === 'number' && Number.isFinite(value) ? value : 0));
  const low = Math.min(range[0], 0, ...values);
  const width = Math.max(range[1], 0, ...values) - low || 1;
  return (
    <figure className={css['figure']}>
      <figcaption>
        <strong>{title}</strong>
        <span>{unit}</span>
      </figcaption>
      <ul aria-label={title}>
        {bars.map((bar, index) => {
          const value = values[index] ?? 0;
          return (
            <li key={bar.key}>
              <span className={css['label']} title={bar.label}>
                {bar.label}
              </span>
              <span className={css['track']} aria-hidden>
                <span
                  style={{
                    marginLeft: `${((Math.min(0, value) - low) / width) * 100}%`,
                    width: `${(Math.abs(value) / width) * 100}%`,
                    background: `var(--data-${bar.hue + 1})`,
                  }}
                />
              </span>
              <span className={css['value']}>{figure(bar.value)}</span>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
