// The first weeks of the demo, whole and with a kill -9 in the middle: the same decisions and figures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { emptyFolder, installers } from '../support/server.ts';

const program = fileURLToPath(new URL('../../packages/capstan/bin/capstan.mjs', import.meta.url));
const folder = emptyFolder();
const UNTIL = '2013-04-11';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Plays until the end, or until a line of the progress fits: then the demo is killed. */
async function demo(data: string, killAt?: RegExp): Promise<{ code: number | null; table: string; progress: string }> {
  const flags = ['--exit', '--until', UNTIL, '--data', data, '--port', '0', '--serving-port', '0'];
  const child = spawn(process.execPath, [program, 'demo', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...installers,
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      CAPSTAN_ENVIRONMENTS: join(folder, 'environments'),
    },
  });
  let table = '';
  let progress = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (table += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    progress += text;
    if (killAt?.test(progress)) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return { code: child.exitCode, table, progress };
}

test('a demo that is killed goes on and ends with the same table', async () => {
  const whole = await demo('whole');
  expect(whole.code, whole.progress).toBe(0);
  expect(whole.table).toMatch(/2013-04 +\d+ +v1 /);
  expect(whole.table).toMatch(/1 promoted/);

  for (const moment of [/2013-02 has landed/, /2013-04 \.\.\./, /cycle 2 +begins/]) {
    expect((await demo('killed', moment)).code).toBeNull();
  }
  const killed = await demo('killed');
  expect(killed.code, killed.progress).toBe(0);
  expect(killed.table).toBe(whole.table);
}, 900_000);
