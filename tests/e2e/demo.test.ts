// The first weeks of the demo, whole, killed and gone on with, and with its planes killed under it: the same decisions and
// figures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '@capstan/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { emptyFolder, installers } from '../support/server.ts';

const program = fileURLToPath(new URL('../../packages/capstan/bin/capstan.mjs', import.meta.url));
const folder = emptyFolder();
const UNTIL = '2013-04-11';
let table = '';

beforeAll(async () => {
  const whole = await demo('whole');
  expect(whole.code, whole.progress).toBe(0);
  table = whole.table;
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Played {
  readonly code: number | null;
  readonly table: string;
  readonly progress: string;
}

/** Plays until the end; `watch` hears of the progress so far and may kill. */
async function demo(data: string, watch?: (progress: string, kill: () => void) => void): Promise<Played> {
  const flags = ['--exit', '--until', UNTIL, '--data', data, '--port', '0', '--serving-port', '0'];
  const child = spawn(process.execPath, [program, 'demo', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...installers,
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      CAPSTAN_ENVIRONMENTS: inject('environments'),
    },
  });
  let printed = '';
  let progress = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    progress += text;
    watch?.(progress, () => child.kill('SIGKILL'));
  });
  await once(child, 'close');
  return { code: child.exitCode, table: printed, progress };
}

test('the first model answers, and the first turn by itself is judged', () => {
  expect(table).toMatch(/2013-04 +\d+ +v1 /);
  expect(table).toMatch(/1 promoted, 1 refused/);
  // Answers were recalibrated, and what that changed was counted.
  expect(table).toMatch(/Without recalibration .* it brought [-+]0\.(?!0000)\d{4}/);
});

test('a demo that is killed goes on and ends with the same table', async () => {
  for (const moment of [/2013-02 has landed/, /2013-04 \.\.\./, /cycle 2 +begins/]) {
    const { code } = await demo('killed', (progress, kill) => moment.test(progress) && kill());
    expect(code).toBeNull();
  }
  const killed = await demo('killed');
  expect(killed.code, killed.progress).toBe(0);
  expect(killed.table).toBe(table);
}, 900_000);

test('a plane that is killed under it changes nothing', async () => {
  let killing: Promise<string[]> | undefined;
  const played = await demo('planes', (progress) => {
    const url = /watch it at (\S+)/.exec(progress)?.[1];
    if (url !== undefined) killing ??= killPlanes(join(folder, 'planes'), url);
  });
  expect(played.code, played.progress).toBe(0);
  expect(await killing).toEqual(['data plane', 'control plane']);
  expect(played.table).toBe(table);
}, 900_000);

/** The data plane once it answers; the control plane in the midst of the second training. */
async function killPlanes(data: string, url: string): Promise<string[]> {
  const client = createClient({ baseUrl: url });
  const killed: string[] = [];
  await until(async () => (await client.deployments.list({ query: {} })).items.some(({ champion }) => champion));
  killHolder(join(data, 'serving', 'process'));
  killed.push('data plane');
  await until(async () => {
    const { state } = await client.cycles.get({ params: { project: 'flight-delays', cycle: '2' } });
    return state === 'training';
  });
  // Into the stage that trains.
  await sleep(3_000);
  killHolder(join(data, 'capstan.db'));
  killed.push('control plane');
  return killed;
}

async function until(isReached: () => Promise<boolean>): Promise<void> {
  while (!(await isReached().catch(() => false))) await sleep(100);
}

/** Ends the process that holds the lock of a file, as the file beside it says. */
function killHolder(file: string): void {
  const holder = `${file}.holder.json`;
  if (!existsSync(holder)) throw new Error(`nobody holds ${file}`);
  const { pid } = JSON.parse(readFileSync(holder, 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
}
