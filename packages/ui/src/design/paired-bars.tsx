import css from './paired-bars.module.css';

const HEIGHT = 28;
const BAR = 9;

/** Two small histograms over the same bins, in shares: wide pale bars before, narrow ones after. `label` says of what. */
export function PairedBars(props: { before: readonly number[]; after: readonly number[]; label: string }) {
  const [before, after] = [shares(props.before), shares(props.after)];
  const most = Math.max(...before, ...after, Number.MIN_VALUE);
  const width = Math.max(before.length, after.length) * BAR;
  return (
    <svg
      className={css['bars']}
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={props.label}
    >
      {before.map((share, index) => (
        // The place of a bar is what it is.
        <Bar key={`b${index + 1}`} className={css['before']} x={index * BAR} width={BAR - 1} share={share / most} />
      ))}
      {after.map((share, index) => (
        <Bar key={`a${index + 1}`} className={css['after']} x={index * BAR + 2} width={BAR - 5} share={share / most} />
      ))}
    </svg>
  );
}

function Bar(props: { className: string | undefined; x: number; width: number; share: number }) {
  const height = props.share === 0 ? 0 : Math.max(1, props.share * HEIGHT);
  return <rect className={props.className} x={props.x} y={HEIGHT - height} width={props.width} height={height} />;
}

/** Which bars are which. */
export function PairedLegend({ before, after }: { before: string; after: string }) {
  return (
    <ul className={css['legend']}>
      {(
        [
          ['before', before],
          ['after', after],
        ] as const
      ).map(([side, words]) => (
        <li key={side}>
          <svg width="10" height="10" aria-hidden>
            <rect className={css[side]} width="10" height="10" rx="2" />
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}

function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
}
