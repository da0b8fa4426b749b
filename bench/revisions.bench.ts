// What two revisions differ in, told by Capstan and by the real dvc on the same repository in turns: seconds of the wall, and
// how many times sooner. node bench/revisions.bench.ts [files] [stages]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findDvc } from '../tests/support/python.ts';
import { program } from '../tests/support/server.ts';
import { median, tell, type Figure } from './measure.ts';

const ROUNDS = 3;
const files = Number(process.argv[2] ?? 2_000);
const stages = Number(process.argv[3] ?? 20);

const dvc = await findDvc();
const home = mkdtempSync(join(tmpdir(), 'capstan-bench-'));
const root = join(home, 'repository');

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      DVC_NO_ANALYTICS: '1',
      DVC_SITE_CACHE_DIR: join(home, 'site-cache'),
      GIT_AUTHOR_NAME: 'ada',
      GIT_AUTHOR_EMAIL: 'ada@localhost',
      GIT_COMMITTER_NAME: 'ada',
      GIT_COMMITTER_EMAIL: 'ada@localhost',
    },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function commit(message: string): void {
  run('git', ['add', '-A']);
  run('git', ['commit', '-qm', message]);
}

function writeAll(version: number): void {
  for (let index = 0; index < files; index++) {
    write(`data/${index % 50}/${index}.txt`, `${index} ${index % 10 === 0 ? version : 0}\n`);
  }
  const names = Array.from({ length: stages }, (_, index) => `s${index}`);
  write('params.yaml', names.map((name, index) => `${name}: {lr: ${version * index}, depth: ${index}}\n`).join(''));
  const ofStage = (name: string): string =>
    `  ${name}:\n    cmd: train\n    params: [${name}.lr]\n    metrics: [metrics/${name}.json: {cache: false}]\n`;
  write('dvc.yaml', `stages:\n${names.map(ofStage).join('')}`);
  for (const name of names) write(`metrics/${name}.json`, JSON.stringify({ acc: version / 7, loss: { val: version } }));
}

function seconds(command: string, args: readonly string[]): number {
  const began = performance.now();
  run(command, args);
  return (performance.now() - began) / 1_000;
}

mkdirSync(root);
try {
  run('git', ['init', '-q', '-b', 'main']);
  run(dvc, ['init', '-q']);
  for (const version of [1, 2]) {
    writeAll(version);
    run(dvc, ['add', '-q', 'data']);
    commit(`version ${version}`);
  }
  const commands: readonly (readonly [string, readonly string[]])[] = [
    [`diff of two commits, ${files} files`, ['diff', 'HEAD~1', 'HEAD', '--json']],
    [`diff with the checkout, ${files} files`, ['diff', 'HEAD~1', '--json']],
    [`params diff, ${stages} stages`, ['params', 'diff', 'HEAD~1', '--json']],
    [`metrics diff, ${stages} stages`, ['metrics', 'diff', 'HEAD~1', '--json']],
  ];
  const figures: Figure[] = [];
  for (const [name, args] of commands) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(seconds(process.execPath, [program, ...args]));
      theirs.push(seconds(dvc, args));
    }
    figures.push(
      { name, value: median(ours), unit: 's', goal: '' },
      { name: '  dvc', value: median(theirs), unit: 's', goal: '' },
      { name: '  times sooner', value: median(theirs) / median(ours), unit: '×', goal: '≥ 2' },
    );
  }
  tell(figures);
} finally {
  rmSync(home, { recursive: true, force: true });
}
