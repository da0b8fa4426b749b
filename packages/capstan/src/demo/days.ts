/** Milliseconds. */
export const DAY_MS = 86_400_000;

/**
 * Times of the replay, in UTC. A day runs from 03:00 to 03:00 (late evening in New York, when little leaves), so that the
 * weekly schedule, Mondays at 03:00, falls between two days.
 */
export const calendar = {
  /** Nothing happens before: January to March have landed, the first model is asked for. */
  begin: Date.parse('2013-04-01T02:00:00Z'),
  firstDay: Date.parse('2013-04-01T03:00:00Z'),
  /** The end: a day after the last flights, whose labels have arrived. */
  end: Date.parse('2014-01-02T03:00:00Z'),
  /** The broken candidate is offered on the first day from here on which no other rollout is under way. */
  harmFrom: Date.parse('2013-12-02T03:00:00Z'),
} as const;

/** Months whose flights are there before the first model. */
export const firstMonths = ['2013-01', '2013-02', '2013-03'] as const;
const laterMonths = [
  '2013-04',
  '2013-05',
  '2013-06',
  '2013-07',
  '2013-08',
  '2013-09',
  '2013-10',
  '2013-11',
  '2013-12',
] as const;

/** `2013-04`: the month that a day belongs to. */
export function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

/** `2013-04-01`. */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The month whose file lands at the beginning of this day: the one that ended the day before. */
export function landingAt(day: number): string | undefined {
  const date = dateOf(day);
  return date.endsWith('-02') ? laterMonths.find((month) => month === monthOf(day - 2 * DAY_MS)) : undefined;
}

/** Every day of the replay from a time on until another, the one that a stop has cut in two included. */
export function daysFrom(now: number, until: number): number[] {
  const first = Math.max(0, Math.floor((now - calendar.firstDay) / DAY_MS));
  const count = Math.ceil((until - calendar.firstDay) / DAY_MS);
  return Array.from({ length: Math.max(0, count - first) }, (_, index) => calendar.firstDay + (first + index) * DAY_MS);
}
