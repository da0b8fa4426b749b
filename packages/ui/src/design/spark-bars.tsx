import css from './spark-bars.module.css';

const HEIGHT = 28;
const BAR = 6;

/** A small histogram; `label` says what it shows. */
export function SparkBars({ counts, label }: { counts: readonly number[]; label: string }) {
  const most = Math.max(1, ...counts);
  const width = counts.length * BAR;
  return (
    <svg
      className={css['bars']}
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      {counts.map((value, index) => {
        const height = value === 0 ? 0 : Math.max(1, (value / most) * HEIGHT);
        // The place of a bar is what it is.
        return <rect key={`${index + 1}`} x={index * BAR} y={HEIGHT - height} width={BAR - 1} height={height} />;
      })}
    </svg>
  );
}
