/** Greatest time that a Date can hold. */
const LAST_MS = 8_640_000_000_000_000;

/** `2026-11-24 03:15:36Z`; what clients logged as a time may be no time at all, and is shown as it is. */
export function timeText(ms: number): string {
  if (!(Math.abs(ms) <= LAST_MS)) return String(ms);
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** `350 ms`, `12.5 s`, `3 min`, `2.5 h`, `4 d`; empty for what has not ended or ends before it starts. */
export function durationText(fromMs: number, toMs: number | null): string {
  if (toMs === null || toMs < fromMs) return '';
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const;
  const ms = toMs - fromMs;
  const unit = units.find(([, length]) => ms >= length);
  if (!unit) return `${ms} ms`;
  return `${Number((ms / unit[1]).toFixed(1))} ${unit[0]}`;
}
