import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { conflict } from '#kernel/errors';
import type { Repository } from '../open.ts';

interface Holder {
  readonly pid?: unknown;
  readonly cmd?: unknown;
}

/**
 * While a stage's command runs DVC lets go of its lock and writes down whose paths are in use, in `.dvc/tmp/rwlock`.
 * @throws DomainError CONFLICT naming the process; entries of processes that have ended do not count
 */
export function refuseWhileStagesRun({ home, root }: Pick<Repository, 'home' | 'root'>): void {
  const running = holdersIn(readText(join(home, 'tmp', 'rwlock'))).find(({ pid }) => isAlive(pid));
  if (!running) return;
  throw conflict(`A stage runs in ${root}: process ${String(running.pid)} (${String(running.cmd)})`, {
    field: '.dvc/tmp/rwlock',
    hint: 'Wait for it to end: what it makes is not written down yet.',
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function holdersIn(text: string): Holder[] {
  try {
    const { read = {}, write = {} } = JSON.parse(text) as Partial<
      Record<'read' | 'write', Record<string, Holder | Holder[]>>
    >;
    return [...Object.values(read), ...Object.values(write)].flat();
  } catch {
    // Being written, or not there: dvc takes such a file for an empty one.
    return [];
  }
}

function isAlive(pid: unknown): boolean {
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
