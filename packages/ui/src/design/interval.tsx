import css from './interval.module.css';

const WIDTH = 160;
const HEIGHT = 18;
const EDGE = 6;

/** An estimate with its interval on a common scale, and the line it is held against. The figures stand beside it. */
export function Interval(props: {
  low: number;
  value: number;
  high: number;
  /** Extremes of the scale, the same for all rows of a table. */
  scale: readonly [number, number];
  /** Where nothing is gained or lost. */
  line?: number;
}) {
  const [least, most] = props.scale;
  const at = (value: number): number => {
    const share = most > least ? (value - least) / (most - least) : 0.5;
    return EDGE + Math.min(1, Math.max(0, share)) * (WIDTH - 2 * EDGE);
  };
  const zero = at(props.line ?? 0);
  return (
    <svg className={css['interval']} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden>
      <line className={css['zero']} x1={zero} x2={zero} y1="0" y2={HEIGHT} />
      <line className={css['range']} x1={at(props.low)} x2={at(props.high)} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      <circle cx={at(props.value)} cy={HEIGHT / 2} r="4" />
    </svg>
  );
}

/** The scale on which all of some intervals fit, with the line they are held against. */
export function scaleOf(
  intervals: readonly { readonly low: number; readonly high: number }[],
  line = 0,
): readonly [number, number] {
  return [
    Math.min(line, ...intervals.map((interval) => interval.low)),
    Math.max(line, ...intervals.map((interval) => interval.high)),
  ];
}
