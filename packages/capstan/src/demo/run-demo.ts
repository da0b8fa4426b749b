import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiError, createClient } from '@capstan/client';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { DomainError, notFound } from '#kernel/errors';
import { startComparison, type Comparison } from './comparison.ts';
import { calendar, daysFrom, monthOf } from './days.ts';
import { decisionsAfter } from './decisions.ts';
import { playOpening } from './opening.ts';
import { playDay } from './play-day.ts';
import { startServer, type DemoServer } from './server.ts';
import { settle } from './settle.ts';
import type { Stage } from './stage.ts';
import { openWorld } from './world.ts';
import { showYear } from './year-status.ts';

interface DemoOptions {
  readonly data: string;
  /** Where the server builds Python environments. */
  readonly environments: string;
  readonly port: number;
  readonly servingPort: number;
  readonly isUnguarded: boolean;
  /** Stops before the flights of this time. */
  readonly until: number;
  /** For people: progress and decisions. */
  say(line: string): void;
  /** For people who watch: what is under way, in place of what was. */
  show?(text: string): void;
  /** Stops between two days. */
  readonly signal: AbortSignal;
}

interface DemoResult {
  readonly server: DemoServer;
  /** The table; null when it was stopped before. */
  readonly table: string | null;
}

/**
 * Plays the year, or goes on with it where it was stopped. The server is left running.
 * @throws DomainError NOT_FOUND without the example's folder; UNAVAILABLE when the server cannot be had
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const example = exampleFolder();
  const notes = join(options.data, 'demo');
  mkdirSync(notes, { recursive: true });
  const analytics = createAnalyticsDuckdb({ temporaryFolder: notes });
  const world = await openWorld(analytics, example, join(notes, 'year.parquet'));
  const server = await startServer(options);
  const client = createClient({ baseUrl: server.url, headers: { 'x-capstan-actor': 'demo' } });
  const project = join(options.data, 'project');
  const stage: Stage = { client, server, world, example, project, notes, isUnguarded: options.isUnguarded };
  options.say(`watch it at ${server.url}`);
  try {
    return { server, table: await playYear(stage, options) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The table; null when it was stopped before. */
async function playYear(stage: Stage, options: DemoOptions): Promise<string | null> {
  const { client } = stage;
  const { say, show, signal } = options;
  const { now, lastEventSeq } = await client.system.status({});
  const tell = decisionsAfter(client, lastEventSeq, say);
  // A turn takes longer than many days: its beginning is said when it begins.
  const telling = setInterval(() => void tell().catch(() => {}), TELL_EVERY_MS);
  const watched = show && showYear(client, show);
  let comparison: Comparison | undefined;
  try {
    if (now < calendar.firstDay) await steadily(stage, say, () => playOpening(stage, say));
    await tell();
    comparison = startComparison(stage, options);
    signal.addEventListener('abort', comparison.stop);
    let month = '';
    for (const day of daysFrom(Math.max(now, calendar.firstDay), options.until)) {
      if (signal.aborted) return null;
      if (monthOf(day) !== month) say(`${(month = monthOf(day))} ...`);
      watched?.day(day);
      await steadily(stage, say, async () => {
        const flights = await playDay(stage, day, say);
        watched?.answered(day, flights);
      });
      await tell();
    }
    await settle(client);
    return await comparison.table();
  } finally {
    clearInterval(telling);
    comparison?.stop();
    watched?.stop();
  }
}

const TELL_EVERY_MS = 1_000;
const TRIES = 40;
const PAUSE_MS = 500;

/** Plays a scene again from its beginning where a plane was lost in the middle of it. */
async function steadily(stage: Stage, say: (line: string) => void, play: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await play();
      return;
    } catch (error) {
      if (attempt === TRIES || !isPassing(error)) throw error;
      if (attempt === 1) say('a plane does not answer; going on as soon as it does');
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      await stage.server.ensure();
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof DomainError) return error.code === 'UNAVAILABLE';
  return error instanceof ApiError && error.problem.code === 'UNAVAILABLE';
}

/** The example comes with the sources. */
function exampleFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const folder = join(here, '..', '..', '..', '..', 'examples', 'flight-delays');
  if (existsSync(join(folder, 'capstan.yaml'))) return folder;
  throw notFound('folder', 'examples/flight-delays', 'The demo comes with the sources: clone them, then npm run demo.');
}
