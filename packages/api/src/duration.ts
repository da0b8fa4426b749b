import { z } from 'zod';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof UNITS_MS;

const DURATION = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d|w)$/;

/** A length of time as people write it (`10ms`, `90s`, `24h`, `7d`), parsed to milliseconds. A month has no fixed length. */
export const durationText = z
  .string()
  .regex(DURATION, 'write a number and its unit without a space: ms, s, m, h, d or w, e.g. 24h or 7d')
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text) ?? [];
    return Math.round(Number(amount) * UNITS_MS[unit as Unit]);
  });

/** A length of time in milliseconds. */
export const durationMs = z.int().min(0).meta({ description: 'Milliseconds' });

/** Writes milliseconds in the greatest unit that leaves no rest: 604800000 is `1w`. */
export function formatDuration(ms: number): string {
  const units = Object.entries(UNITS_MS).toReversed();
  const [unit, size] = units.find(([, unitMs]) => ms % unitMs === 0 && ms >= unitMs) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
