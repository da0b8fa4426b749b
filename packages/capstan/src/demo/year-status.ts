import type { Client } from '@capstan/client';
import { DAY_MS, dateOf } from './days.ts';
import { PROJECT } from './stage.ts';

/** What a person who watches is told of the year, in one line. */
export interface YearStatus {
  /** A day begins. */
  day(day: number): void;
  /** Its flights were answered. */
  answered(day: number, flights: number): void;
  stop(): void;
}

const LOOK_EVERY_MS = 1_000;
/** Value is added up by the server, over what has come since the last time. */
const VALUE_EVERY_MS = 7 * DAY_MS;

/** Shows each second how far the year is, what the answers were worth so far, and the turn under way. */
export function showYear(client: Client, show: (text: string) => void): YearStatus {
  let today: number | undefined;
  let valued: { readonly until: number; readonly answered: number; readonly value: number | null } | undefined;
  let flightsSince = new Map<number, number>();
  let turn: { readonly name: string; readonly since: number } | undefined;

  async function addValue(before: number): Promise<void> {
    const query = { by: 'month', before, ...(valued && { from: valued.until }) } as const;
    const { total } = await client.value.summary({ params: { project: PROJECT }, query });
    const { answered = 0, value = null } = valued ?? {};
    valued = {
      until: before,
      answered: answered + total.answered,
      value: total.value === null ? value : (value ?? 0) + total.value,
    };
    flightsSince = new Map([...flightsSince].filter(([day]) => day >= before));
  }

  async function look(): Promise<void> {
    // Labels of the day before today are still to come.
    const labelled = today === undefined ? undefined : today - DAY_MS;
    if (labelled !== undefined && labelled - (valued?.until ?? -Infinity) >= VALUE_EVERY_MS) await addValue(labelled);
    const { items } = await client.cycles.list({ params: { project: PROJECT }, query: { limit: 1 } });
    const [latest] = items;
    const name = latest?.isOpen ? `turn ${latest.number}: ${latest.state}` : undefined;
    if (name !== turn?.name) turn = name === undefined ? undefined : { name, since: performance.now() };
    show(text());
  }

  function text(): string {
    const flights = [...flightsSince.values()].reduce((sum, each) => sum + each, valued?.answered ?? 0);
    const parts = [
      ...(today === undefined ? [] : [dateOf(today), `${whole(flights)} flights answered`]),
      ...(valued && valued.value !== null ? [`$${whole(valued.value)} so far`] : []),
      ...(turn ? [`${turn.name} (${whole((performance.now() - turn.since) / 1_000)} s)`] : []),
    ];
    return parts.join('  ');
  }

  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    // The project may not be there yet, or a plane away: the next look is a second later.
    looking ??= look()
      .catch(() => {})
      .finally(() => (looking = undefined));
  }, LOOK_EVERY_MS);
  return {
    day: (day) => (today = day),
    answered: (day, flights) => void flightsSince.set(day, flights),
    stop() {
      clearInterval(timer);
      show('');
    },
  };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
