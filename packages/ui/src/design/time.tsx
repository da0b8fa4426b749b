import { duration, moment } from './format.ts';

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** Relative to `now` (the server's clock, which may be simulated; 0 while it is not known), absolute on hover. */
export function Time({ at, now }: { at: number; now: number }) {
  if (now === 0) return <Moment at={at} />;
  const iso = new Date(at).toISOString();
  const [unit, size] = units.find(([, length]) => Math.abs(now - at) >= length) ?? ['second', 1_000];
  return (
    <time dateTime={iso} title={iso}>
      {relative.format(Math.round((at - now) / size), unit)}
    </time>
  );
}

/** An instant as data is dated. */
export function Moment({ at }: { at: number }) {
  const iso = new Date(at).toISOString();
  return (
    <time dateTime={iso} title={iso}>
      {moment(at)}
    </time>
  );
}

/** From one instant to another; the end may be missing. */
export function Span({ from, to }: { from: number; to: number }) {
  return (
    <span>
      <Moment at={from} /> to <Moment at={to} />
    </span>
  );
}

/** How long something took, or has taken so far. */
export function Took({ from, to, now }: { from: number; to: number | null; now: number }) {
  return <span>{`${duration(Math.max(0, (to ?? now) - from))}${to === null ? ' so far' : ''}`}</span>;
}
