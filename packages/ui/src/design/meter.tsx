import css from './meter.module.css';

/** How much of a limit is used up, or of a whole is reached (`kind: 'share'`), with the figures beside it. */
export function Meter(props: { label: string; share: number; text: string; note?: string; kind?: 'limit' | 'share' }) {
  const share = Math.min(1, Math.max(0, props.share));
  return (
    <div className={css['meter']}>
      <div className={css['line']}>
        <span>{props.label}</span>
        <span>{props.text}</span>
      </div>
      <div
        className={css['bar']}
        role="meter"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={props.text}
      >
        <span
          className={
            props.kind === 'share' ? undefined : share >= 1 ? css['full'] : share >= 0.75 ? css['high'] : undefined
          }
          style={{ width: `${share * 100}%` }}
        />
      </div>
      {props.note !== undefined && <p className={css['note']}>{props.note}</p>}
    </div>
  );
}
