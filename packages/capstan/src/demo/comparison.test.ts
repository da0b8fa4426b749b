import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startComparison } from './comparison.ts';
import type { DemoServer } from './server.ts';
import type { World } from './world.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-comparison-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const UNTIL = Date.parse('2013-04-11T03:00:00Z');

/** An environment whose Python is a script: `body` sees `command`, `cache` and `fs`, and `calls` so far. */
function setup(body: string) {
  const bin = join(folder, 'environments', 'one', 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(folder, 'environments', 'one', 'capstan-environment.json'), '{}');
  const calls = join(folder, 'calls');
  writeFileSync(calls, '');
  const script = `#!${process.execPath}
    const fs = require('node:fs');
    const [, , , command, ...rest] = process.argv;
    const cache = rest[rest.indexOf('--cache') + 1];
    fs.appendFileSync(${JSON.stringify(calls)}, command + ' ' + process.pid + '\\n');
    const calls = fs.readFileSync(${JSON.stringify(calls)}, 'utf8').trim().split('\\n').length;
    process.stdin.resume().on('end', () => process.exit(1));
    ${body}`;
  writeFileSync(join(bin, 'python'), script);
  chmodSync(join(bin, 'python'), 0o755);
  const said: string[] = [];
  return {
    said,
    calls: () =>
      readFileSync(calls, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' ')[0]),
    pid: () => Number(readFileSync(calls, 'utf8').trim().split(' ')[1]),
    start: () =>
      startComparison(
        {
          example: folder,
          notes: folder,
          server: { url: 'http://127.0.0.1:1' } as DemoServer,
          world: { file: join(folder, 'year.parquet') } as World,
        },
        { environments: join(folder, 'environments'), until: UNTIL, say: (line) => void said.push(line) },
      ),
  };
}

const TRAINS = `if (command === 'alternatives') fs.writeFileSync(cache, 'figures');
  else process.stdout.write(fs.readFileSync(cache, 'utf8') + ' as a table\\n');
  process.exit(0);`;

test('the alternatives are trained once, and the table is made of them', async () => {
  const { start, calls } = setup(TRAINS);
  expect(await start().table()).toBe('figures as a table');
  expect(await start().table()).toBe('figures as a table');
  expect(calls()).toEqual(['alternatives', 'table', 'table']);
});

test('a reason that has passed is said, and they are trained again', async () => {
  const { start, calls, said } = setup(`if (calls === 1) { console.error('no server'); process.exit(1); } ${TRAINS}`);
  expect(await start().table()).toBe('figures as a table');
  expect(calls()).toEqual(['alternatives', 'alternatives', 'table']);
  expect(said.join('\n')).toMatch(/trained again: compare\.py alternatives ended with 1:\nno server/);
});

test('a reason that lasts is the end of it, in its own words', async () => {
  const { start } = setup(`console.error('Traceback\\nValueError: no such column'); process.exit(1);`);
  await expect(start().table()).rejects.toThrow(/ended with 1:\nTraceback\nValueError: no such column/);
});

test('what is stopped in the midst of its training leaves nothing behind and gives no table', async () => {
  const { start, pid, calls } = setup('setInterval(() => {}, 1_000);');
  const comparison = start();
  await vi.waitFor(() => expect(calls()).toEqual(['alternatives']), { timeout: 10_000 });
  expect(getPriority(pid())).toBeGreaterThan(getPriority());
  const table = comparison.table();
  comparison.stop();
  expect(await table).toBeNull();
  expect(() => process.kill(pid(), 0)).toThrow('ESRCH');
  expect(existsSync(join(folder, `alternatives-${UNTIL}.npz`))).toBe(false);
});
