import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { conflict, DomainError } from '#kernel/errors';

export interface LockOptions {
  /** Real time to wait for whoever holds it. */
  readonly waitMs: number;
  /** Told once, when there is something to wait for. */
  onWait?(holder: string): void;
}

const RETRY_MS = 50;
/** What these programs end with when somebody else holds the lock. */
const HELD = 75;

/** Locks the open file that is handed in as file 3: the lock stays with that file until the last who has it open closes it. */
const PROGRAMS: readonly (readonly [string, readonly string[]])[] = [
  ['flock', ['--exclusive', '--nonblock', '--conflict-exit-code', String(HELD), '3']],
  [
    'python3',
    [
      '-c',
      `import fcntl, sys\ntry: fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept BlockingIOError: sys.exit(${HELD})`,
    ],
  ],
];

/**
 * Takes DVC's own lock of a repository: `flock` on a file that holds the process id. It is gone the moment the holder
 * dies. Node.js has no such call, so that another program makes it on the file opened here.
 * @returns what lets go of it
 * @throws DomainError CONFLICT after the time to wait; NOT_IMPLEMENTED where no program can lock
 */
export async function lockFile(path: string, { waitMs, onWait }: LockOptions): Promise<() => void> {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a+');
  try {
    const until = performance.now() + waitMs;
    for (let isFirst = true; !(await tryLock(file)); isFirst = false) {
      const holder = holderOf(path);
      if (performance.now() >= until) {
        throw conflict(`Another command has worked in this repository for ${Math.round(waitMs / 1_000)} s: ${holder}`, {
          field: path,
          hint: 'Wait for it to end, or wait longer with --wait.',
        });
      }
      if (isFirst) onWait?.(holder);
      await sleep(RETRY_MS);
    }
    ftruncateSync(file);
    writeSync(file, ` ${process.pid}\n`);
    return () => closeSync(file);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

async function tryLock(file: number): Promise<boolean> {
  for (const [program, args] of PROGRAMS) {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', file] });
    try {
      const [code] = (await once(child, 'exit')) as [number | null];
      if (code === 0) return true;
      if (code === HELD) return false;
    } catch {
      // There is no such program: the next one.
    }
  }
  throw new DomainError('NOT_IMPLEMENTED', 'Nothing on this machine can lock a file as DVC does', {
    hint: 'Install flock (util-linux) or Python 3.',
  });
}

function holderOf(path: string): string {
  const pid = readFileSync(path, 'utf8').trim();
  return /^\d+$/.test(pid) ? `process ${pid}` : 'its name is not written';
}
