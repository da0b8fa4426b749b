import type { ValueGrouping, ValueRow } from '@capstan/api';
import { invalid } from '#kernel/errors';

export interface SummaryRequest {
  readonly project: string;
  readonly by: ValueGrouping;
  /** Event time, included. */
  readonly from?: number | undefined;
  /** Event time, not included. */
  readonly before?: number | undefined;
}

/** What a row is about. */
export type Place = Pick<ValueRow, 'key' | 'from' | 'before' | 'version'>;

const DAY_MS = 86_400_000;

/** @throws DomainError INVALID_ARGUMENT when the window is empty */
export function checkWindow({ from, before }: SummaryRequest): void {
  if (from !== undefined && before !== undefined && before <= from) {
    throw invalid('The window ends before it begins', {
      field: 'query.before',
      hint: '`before` must be after `from`.',
    });
  }
}

/** The period that an instant lies in, by the calendar of UTC. */
export function periodOf(by: 'month' | 'week' | 'day', at: number): Place {
  const day = Math.floor(at / DAY_MS) * DAY_MS;
  if (by === 'day') return { key: dayText(day), from: day, before: day + DAY_MS, version: null };
  const date = new Date(day);
  if (by === 'week') {
    const monday = day - ((date.getUTCDay() + 6) % 7) * DAY_MS;
    return { key: isoWeek(monday), from: monday, before: monday + 7 * DAY_MS, version: null };
  }
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const from = Date.UTC(year, month);
  return { key: dayText(from).slice(0, -3), from, before: Date.UTC(year, month + 1), version: null };
}

/** The ISO week that begins on this Monday: its year is that of its Thursday (ISO 8601). */
function isoWeek(monday: number): string {
  const thursday = monday + 3 * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, -'T00:00:00.000Z'.length);
}
