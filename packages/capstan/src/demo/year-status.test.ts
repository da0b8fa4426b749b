import type { Client } from '@capstan/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DAY_MS } from './days.ts';
import { showYear } from './year-status.ts';

const DAY = Date.parse('2013-05-13T03:00:00Z');
const SECOND_MS = 1_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setup() {
  const asked: { from?: number; before: number }[] = [];
  const shown: string[] = [];
  let latest = { number: 7, state: 'training', isOpen: true };
  const client = {
    cycles: { list: async () => ({ items: [latest] }) },
    value: {
      async summary({ query }: { query: { from?: number; before: number } }) {
        asked.push(query);
        return { total: { answered: 1_000, value: query.from === undefined ? 5 : 2_000.4 } };
      },
    },
  } as unknown as Client;
  const year = showYear(client, (text) => shown.push(text));
  return { year, asked, shown, turn: (next: Partial<typeof latest>) => (latest = { ...latest, ...next }) };
}

test('the day, the answers, their value and the turn under way, anew each second', async () => {
  const { year, asked, shown, turn } = setup();
  await vi.advanceTimersByTimeAsync(2 * SECOND_MS);
  expect(shown.at(-1)).toBe('turn 7: training (1 s)');
  year.day(DAY);
  year.answered(DAY - 2 * DAY_MS, 900);
  year.answered(DAY - DAY_MS, 800);
  year.answered(DAY, 700);
  turn({ state: 'gates' });
  await vi.advanceTimersByTimeAsync(SECOND_MS);
  // The day before yesterday is among what the server has added up.
  expect(shown.at(-1)).toBe('2013-05-13  2,500 flights answered  $5 so far  turn 7: gates (0 s)');
  year.day(DAY + 7 * DAY_MS);
  turn({ isOpen: false });
  await vi.advanceTimersByTimeAsync(SECOND_MS);
  expect(shown.at(-1)).toBe('2013-05-20  2,000 flights answered  $2,005 so far');
  expect(asked.map(({ from, before }) => [from, before])).toEqual([
    [undefined, DAY - DAY_MS],
    [DAY - DAY_MS, DAY + 6 * DAY_MS],
  ]);
  year.stop();
  expect(shown.at(-1)).toBe('');
});
