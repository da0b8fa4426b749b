// Two checkouts with the same content, one worked on by Capstan and one by the real dvc, in turns, and the table of both.
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDvc } from '../../tests/support/python.ts';
import { program as sources } from '../../tests/support/server.ts';
import { installInto } from '../installed.ts';
import { machine, median } from '../measure.ts';

export interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
}

/** A checkout and the program that works in it. */
export interface Peer {
  readonly name: 'capstan' | 'dvc';
  readonly root: string;
  /** @throws where it does not end well */
  run(...args: readonly string[]): Measured;
  /** Adds lines to the settings of the checkout. */
  set(lines: string): void;
  /**
   * Takes a path out of the checkout. It is moved and not removed: the file system looks at every file that was removed
   * lately each time it makes another one, which takes many times as long as the work that is measured.
   */
  putAside(path: string): void;
}

export interface Bench {
  /** New checkouts with nothing in them: Capstan's first. */
  checkouts(): readonly [Peer, Peer];
  /** One of Capstan alone. */
  checkout(): Peer;
  /** Absolute; a folder for what both use. */
  readonly home: string;
  readonly rounds: number;
  close(): void;
}

export interface BenchOptions {
  /** The sources instead of what a build has made. */
  readonly sources: boolean;
  readonly rounds: number;
}

export async function openBench({ sources: usesSources, rounds }: BenchOptions): Promise<Bench> {
  const home = mkdtempSync(join(tmpdir(), 'capstan-bench-'));
  const program = usesSources ? sources : installInto(mkdtempSync(join(home, 'installed-')));
  const commands = { capstan: [process.execPath, program], dvc: [await findDvc()] } as const;
  let count = 0;

  const open = (name: Peer['name'], number: number): Peer => {
    const root = join(home, `${name}-${number}`);
    mkdirSync(root, { recursive: true });
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      LANG: 'C.UTF-8',
      DVC_NO_ANALYTICS: '1',
      DVC_SITE_CACHE_DIR: join(home, `${name}-site`),
    };
    const call = (words: readonly string[]): Measured => {
      const before = performance.now();
      // GNU time tells the largest memory of what it starts.
      const options = { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 30 } as const;
      const { status, stdout, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', ...words], options);
      const seconds = (performance.now() - before) / 1_000;
      if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
      return { seconds, megabytes: Number(stderr.trim().split('\n').at(-1)) / 1_024 };
    };
    call(['git', 'init', '-q']);
    call([...commands[name], 'init']);
    return {
      name,
      root,
      run: (...args) => call([...commands[name], ...args]),
      set: (lines) => appendFileSync(join(root, '.dvc', 'config'), lines),
      putAside: (path) => renameSync(join(root, path), join(home, `aside-${count++}`)),
    };
  };

  console.log(`${machine()}, load ${loadavg()[0]?.toFixed(1)}`);
  line('what, s', 'Capstan', 'dvc', 'ratio', 'goal');
  return {
    home,
    rounds,
    checkouts() {
      const number = count++;
      return [open('capstan', number), open('dvc', number)];
    },
    checkout: () => open('capstan', count++),
    close() {
      console.log(`load at the end ${loadavg()[0]?.toFixed(1)}`);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** One row: the median of several times in turns, so that both meet the same load. `before` is not measured. */
export function compare(
  what: string,
  goal: string,
  work: { readonly rounds: number; readonly peers: readonly Peer[]; readonly args: readonly string[] },
  before: (peer: Peer, round: number) => void = () => {},
): void {
  const times = new Map(work.peers.map((peer) => [peer, [] as number[]]));
  for (let round = 0; round < work.rounds; round++) {
    for (const peer of work.peers) {
      before(peer, round);
      times.get(peer)?.push(peer.run(...work.args).seconds);
    }
  }
  const [ours = Number.NaN, theirs = Number.NaN] = work.peers.map((peer) => median(times.get(peer) ?? []));
  tellRatio(what, ours, theirs, goal);
}

export function tellRatio(what: string, ours: number, theirs: number, goal: string): void {
  line(what, ours.toFixed(2), theirs.toFixed(2), `${(theirs / ours).toFixed(1)}×`, goal);
}

/** A row of Capstan alone. */
export function tellAlone(what: string, value: string, goal: string): void {
  line(what, value, '', '', goal);
}

function line(what: string, ...cells: readonly string[]): void {
  console.log([what.padEnd(42), ...cells.map((cell) => cell.padStart(9))].join(' '));
}
