import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calendar, DAY_MS, dateOf, landingAt } from './days.ts';
import { land } from './opening.ts';
import { offerBroken } from './harm.ts';
import { askAbout, flush, sync } from './passengers.ts';
import { settle } from './settle.ts';
import { DEPLOYMENT, type Stage } from './stage.ts';

/** How long before the end of a day its flights have all been asked about. */
const EVENING_MS = 20 * 60_000;
/** How long before it the monitors have looked at them: an alarm comes before the weekly schedule. */
const NIGHT_MS = 10 * 60_000;

/**
 * One day: flights are asked about, the outcomes of the day before arrive, time moves on, and what the cycle does about it
 * is waited for. Played again from anywhere in it, it has the same effect once. Returns how many flights it had.
 */
export async function playDay(stage: Stage, day: number, say: (line: string) => void): Promise<number> {
  const { client, server, world } = stage;
  let now = await settle(client);
  const month = landingAt(day);
  if (month !== undefined) say(await land(stage, month));
  if (day >= calendar.harmFrom) await offerBroken(stage, say);
  await moveTo(stage, now, day + DAY_MS - EVENING_MS);

  const flights = await world.flightsOf(day);
  const probabilities = await askAbout(server.servingUrl, DEPLOYMENT, flights);
  keepAnswers(stage, day, flights.ids, probabilities);
  // What is logged has its place in the order once this returns; its features are written while outcomes come in.
  await flush(server.servingUrl);
  await reportOutcomes(stage, day);
  await client.predictions.judge({ params: { deployment: DEPLOYMENT } });
  now = await settle(client);
  for (const left of [NIGHT_MS, 0]) {
    await moveTo(stage, now, day + DAY_MS - left);
    now = await settle(client);
  }
  return flights.ids.length;
}

async function moveTo({ client, server }: Stage, now: number, to: number): Promise<void> {
  if (now < to) await client.system.advanceClock({ body: { to } });
  await sync(server.servingUrl);
}

/** The flights of the day before have landed; what never arrived has no outcome. */
async function reportOutcomes({ client, world }: Stage, day: number): Promise<void> {
  const { ids, eventTimes, late } = await world.flightsOf(day - DAY_MS);
  const outcomes = ids.flatMap((id, index) => {
    const label = late[index];
    const at = (eventTimes[index] ?? 0) + DAY_MS;
    return label === null || label === undefined || day <= calendar.firstDay ? [] : [{ id, label, at }];
  });
  if (outcomes.length === 0) return;
  await client.predictions.recordOutcomes({ params: { deployment: DEPLOYMENT }, body: { outcomes } });
}

/** What the callers were told, for the table at the end; whole or not there. */
function keepAnswers({ notes }: Stage, day: number, ids: readonly string[], probabilities: readonly number[]): void {
  const folder = join(notes, 'answers');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${dateOf(day)}.csv`);
  const lines = ids.map((id, index) => `${id},${probabilities[index]}`);
  writeFileSync(`${file}.new`, `example_id,probability\n${lines.join('\n')}\n`);
  renameSync(`${file}.new`, file);
}
