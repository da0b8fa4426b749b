// Protobuf's Timestamp and Duration in JSON, in milliseconds.
import { invalid } from '#kernel/errors';

/** Beyond it no Timestamp of protobuf goes: the end of the year 9999. */
const LAST = 253_402_300_799_999;

/** @throws DomainError INVALID_ARGUMENT for what is no time of RFC 3339 after 1970 */
export function readTime(field: string, text: string): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text);
  const time = isTime ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN;
  if (time >= 0 && time <= LAST) return time;
  throw invalid(
    `Invalid value ${JSON.stringify(text.slice(0, 100))} for parameter '${field}' supplied: it is no time`,
    {
      field,
      hint: 'Times are written as 2026-01-31T12:00:00.000Z.',
    },
  );
}

/** @throws DomainError INVALID_ARGUMENT for what is no number of seconds */
export function readDuration(field: string, text: string): number {
  const [, seconds, fraction = ''] = /^(-?\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text) ?? [];
  if (seconds === undefined) {
    throw invalid(`Invalid value ${JSON.stringify(text.slice(0, 100))} for parameter '${field}' supplied`, {
      field,
      hint: 'Durations are written as 1.500s.',
    });
  }
  const rest = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return Number(seconds) * 1_000 + (seconds.startsWith('-') ? -rest : rest);
}

/** Whole seconds without a fraction, as Python's protobuf writes them. */
export function writeTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}

export function writeDuration(milliseconds: number): string {
  const [sign, length] = [milliseconds < 0 ? '-' : '', Math.abs(milliseconds)];
  const rest = length % 1_000;
  return `${sign}${Math.floor(length / 1_000)}${rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`}s`;
}
