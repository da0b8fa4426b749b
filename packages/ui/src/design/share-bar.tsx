import { percent } from './format.ts';
import css from './share-bar.module.css';

export interface Share {
  readonly key: string;
  readonly label: string;
  readonly share: number;
}

/** Shares of a whole, each named with its figure below the bar. */
export function ShareBar({ label, shares }: { label: string; shares: readonly Share[] }) {
  return (
    <figure className={css['figure']} aria-label={label}>
      <div className={css['bar']} aria-hidden>
        {shares.map((part, index) => (
          <span key={part.key} className={css[`c${(index % 4) + 1}`]} style={{ flexGrow: part.share }} />
        ))}
      </div>
      <ul className={css['legend']}>
        {shares.map((part, index) => (
          <li key={part.key}>
            <span className={`${css['key']} ${css[`c${(index % 4) + 1}`]}`} aria-hidden />
            {part.label} <strong>{percent(part.share)}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}
