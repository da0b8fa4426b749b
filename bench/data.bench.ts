// Data of a repository, by Capstan and by the real dvc in the same run, in turns: what people wait for, as ratios.
// npm run bench -- data [--program dist/bin/capstan.mjs] [--million]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findDvc } from '../tests/support/python.ts';
import { program as sources } from '../tests/support/server.ts';
import { machine, median } from './measure.ts';

const { values } = parseArgs({
  options: {
    /** Another program than the sources: what a build has made. */
    program: { type: 'string', default: sources },
    rounds: { type: 'string', default: '3' },
    /** A folder of a million files too, which takes minutes and some GB; Capstan alone. */
    million: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const GIBIBYTE = 1 << 30;
const PIECE = 64 << 20;
const SMALL_FILES = 10_000;
const SMALL_BYTES = 4_096;
const home = mkdtempSync(join(tmpdir(), 'capstan-data-'));
const dvcProgram = await findDvc();

interface Peer {
  readonly name: string;
  readonly root: string;
  run(...args: readonly string[]): { seconds: number; megabytes: number };
}

function peer(name: string, command: readonly string[]): Peer {
  const root = join(home, name);
  mkdirSync(root, { recursive: true });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LANG: 'C.UTF-8',
    DVC_NO_ANALYTICS: '1',
    DVC_SITE_CACHE_DIR: join(home, `${name}-site`),
  };
  const [first = '', ...rest] = command;
  const call = (file: string, args: readonly string[]): { seconds: number; megabytes: number } => {
    const before = performance.now();
    // GNU time tells the largest memory of what it starts.
    const { status, stdout, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', file, ...args], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    const seconds = (performance.now() - before) / 1_000;
    if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return { seconds, megabytes: Number(stderr.trim().split('\n').at(-1)) / 1_024 };
  };
  call('git', ['init', '-q']);
  call(first, [...rest, 'init']);
  return { name, root, run: (...args) => call(first, [...rest, ...args]) };
}

function writeLarge(path: string): void {
  const piece = randomFillSync(Buffer.allocUnsafe(PIECE));
  const file = openSync(path, 'w');
  for (let written = 0; written < GIBIBYTE; written += PIECE) writeSync(file, piece);
  closeSync(file);
}

function writeMany(folder: string, count: number, bytes: number): void {
  const content = Buffer.alloc(bytes, 'x');
  const perFolder = 1_000;
  for (let index = 0; index < count; index++) {
    const below = join(folder, String(Math.floor(index / perFolder)).padStart(4, '0'));
    if (index % perFolder === 0) mkdirSync(below, { recursive: true });
    content.write(`${index}\n`);
    writeFileSync(join(below, `${String(index).padStart(7, '0')}.bin`), content);
  }
}

const touched = (root: string): string => join(root, 'small', '0000', '0000000.bin');

const ours = peer('capstan', [process.execPath, values.program]);
const theirs = peer('dvc', [dvcProgram]);
const peers = [ours, theirs];

console.log(`${machine()}, load ${loadavg()[0]?.toFixed(1)}`);
line('what, s', 'Capstan', 'dvc', 'ratio', 'goal');

/** Once each, since nothing is as before afterwards. */
function once(what: string, goal: string, ...args: readonly string[]): void {
  told(
    what,
    goal,
    peers.map((each) => each.run(...args).seconds),
  );
}

/** Several times in turns, so that both meet the same load. */
function often(
  what: string,
  goal: string,
  before: (root: string, round: number) => void,
  args: readonly string[],
): void {
  const times = new Map(peers.map((each) => [each, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const each of peers) {
      before(each.root, round);
      times.get(each)?.push(each.run(...args).seconds);
    }
  }
  told(
    what,
    goal,
    peers.map((each) => median(times.get(each) ?? [])),
  );
}

writeLarge(join(home, 'large.bin'));
for (const { root } of peers) cpSync(join(home, 'large.bin'), join(root, 'large.bin'));
rmSync(join(home, 'large.bin'));
once('add one file of 1 GiB', '≥ 2.5×', 'add', 'large.bin');
for (const { root } of peers) writeMany(join(root, 'small'), SMALL_FILES, SMALL_BYTES);
once('add 10,000 files of 4 KiB', '≥ 6×', 'add', 'small');
often('again after one changed', '≥ 6×', (root, round) => writeFileSync(touched(root), `changed ${round}\n`), [
  'add',
  'small',
]);
often('status after both', '≥ 6×', () => {}, ['status']);
often('status after one changed', '-', (root, round) => writeFileSync(touched(root), `other ${round}\n`), ['status']);
for (const each of peers) each.run('add', 'small');
often('checkout of one changed file', '-', (root) => rmSync(touched(root)), ['checkout', 'small']);
often('checkout of 10,000 files', '-', (root) => rmSync(join(root, 'small'), { recursive: true }), [
  'checkout',
  'small',
]);
console.log(`load at the end ${loadavg()[0]?.toFixed(1)}`);
for (const { root } of peers) rmSync(root, { recursive: true });

if (values.million) {
  const one = peer('million', [process.execPath, values.program]);
  writeFileSync(join(one.root, '.dvc', 'config'), '[cache]\n    type = hardlink\n');
  const count = 1_000_000;
  writeMany(join(one.root, 'small'), count, 16);
  const added = one.run('add', 'small');
  const status = one.run('status');
  console.log(`1,000,000 files: add ${added.seconds.toFixed(1)} s, ${added.megabytes.toFixed(0)} MiB`);
  console.log(
    `1,000,000 files: status ${status.seconds.toFixed(1)} s, ${status.megabytes.toFixed(0)} MiB; goal ≤ 30 s, ≤ 500 MiB`,
  );
}
rmSync(home, { recursive: true, force: true });

function told(what: string, goal: string, [mine = 0, other = 0]: readonly number[]): void {
  line(what, mine.toFixed(2), other.toFixed(2), `${(other / mine).toFixed(1)}×`, goal);
}

function line(what: string, ...cells: readonly string[]): void {
  console.log([what.padEnd(32), ...cells.map((cell) => cell.padStart(9))].join(' '));
}
