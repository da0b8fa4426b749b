const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** Relative to `now` (the server's clock, which may be simulated), absolute on hover. */
export function Time({ at, now }: { at: number; now: number }) {
  const iso = new Date(at).toISOString();
  const [unit, size] = units.find(([, length]) => Math.abs(now - at) >= length) ?? ['second', 1_000];
  return (
    <time dateTime={iso} title={iso}>
      {relative.format(Math.round((at - now) / size), unit)}
    </time>
  );
}
