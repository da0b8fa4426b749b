import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { calendar, firstMonths } from './days.ts';
import { settle } from './settle.ts';
import { PROJECT, type Stage } from './stage.ts';

const TABLES = ['airlines', 'weather', 'planes'] as const;

/** Declares the project, lands January to March, and asks for the first model. Any part of it may be played again. */
export async function playOpening(stage: Stage, say: (line: string) => void): Promise<void> {
  const { client } = stage;
  const { now } = await client.system.status({});
  if (now < calendar.begin) await client.system.advanceClock({ body: { to: calendar.begin } });
  copyExample(stage);
  await client.projects.apply({
    body: { folder: stage.project, text: readFileSync(join(stage.project, 'capstan.yaml'), 'utf8') },
  });
  say('declared: charter, data, gates, monitors, policy');
  for (const table of TABLES) await register(stage, table);
  for (const month of firstMonths) say(await land(stage, month));
  const { number } = await client.cycles.start({
    params: { project: PROJECT },
    body: { reason: 'the first model', requestKey: 'demo:first' },
  });
  say('the first model is trained (the first time, its Python environment is built: about a minute)');
  for (;;) {
    await settle(client);
    const cycle = await client.cycles.get({ params: { project: PROJECT, cycle: String(number) } });
    if (cycle.state === 'promoted') return;
    if (!cycle.isOpen) {
      throw new DomainError('CONFLICT', `The first model was not promoted: ${cycle.reason ?? cycle.state}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const POLL_MS = 100;

/** The example without its months. Whole or not there: a copy that was cut off is begun anew. */
function copyExample({ example, project }: Stage): void {
  if (existsSync(project)) return;
  const unfinished = `${project}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(example, unfinished, {
    recursive: true,
    filter: (path) => !/2013-\d\d\.parquet$/.test(basename(path)),
  });
  renameSync(unfinished, project);
}

/** A month's flights arrive and become the next version of the dataset. */
export async function land(stage: Stage, month: string): Promise<string> {
  const name = `${month}.parquet`;
  const target = join(stage.project, 'data', 'flights');
  mkdirSync(target, { recursive: true });
  // Beside the folder first: half a file in it would be half a month of data.
  const unfinished = join(stage.notes, `${name}.new`);
  copyFileSync(join(stage.example, 'data', 'flights', name), unfinished);
  renameSync(unfinished, join(target, name));
  const { status, number, rows } = await register(stage, 'flights');
  if (status !== 'accepted') throw new DomainError('CONFLICT', `flights@${number} with ${month} is ${status}`);
  return `${month} has landed: flights@${number}, ${rows} rows`;
}

async function register({ client }: Stage, dataset: string) {
  const { id } = await client.datasets.register({ params: { project: PROJECT, dataset }, body: { replace: false } });
  await settle(client);
  return await client.datasets.getVersion({ params: { version: id } });
}
