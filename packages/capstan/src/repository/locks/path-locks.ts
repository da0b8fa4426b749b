import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { pathsMeet } from '../paths.ts';

/** What a running stage reads and writes, as absolute paths. */
export interface LockedPaths {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

interface Holder {
  readonly pid: number;
  readonly cmd: string;
}

/** DVC's file: who reads and who writes which paths while the lock of the repository is not held. */
interface RwLock {
  readonly read: Record<string, Holder[]>;
  readonly write: Record<string, Holder>;
}

/**
 * Takes part in DVC's locks of paths (`.dvc/tmp/rwlock`), which hold while a command runs. To be called with the lock of the
 * repository held. Entries of processes that have ended are taken out.
 */
export interface PathLocks {
  /** Who else, alive, keeps a stage from running; undefined where nobody does. */
  blockerOf(paths: LockedPaths): string | undefined;
  /** Makes known what this process reads and writes: all of it, each time. */
  publish(all: readonly LockedPaths[]): void;
}

export function openPathLocks(home: string, command: string): PathLocks {
  const file = join(home, 'tmp', 'rwlock');
  const own: Holder = { pid: process.pid, cmd: command };
  let isPublished = false;
  return {
    blockerOf({ reads, writes }) {
      const { read, write } = readFile(file);
      const touched = [...reads, ...writes];
      const writer = Object.entries(write).find(
        ([path, holder]) => isOther(holder) && touched.some((each) => pathsMeet(each, path)),
      );
      if (writer) return textOf(writer[1]);
      for (const [path, holders] of Object.entries(read)) {
        const reader = holders.find((holder) => isOther(holder));
        if (reader && writes.some((each) => pathsMeet(each, path))) return textOf(reader);
      }
      return undefined;
    },
    publish(all) {
      if (all.length === 0 && !isPublished) return;
      const { read, write } = readFile(file);
      const after: RwLock = { read: {}, write: {} };
      for (const [path, holders] of Object.entries(read)) {
        const others = holders.filter((holder) => isOther(holder));
        if (others.length > 0) after.read[path] = others;
      }
      for (const [path, holder] of Object.entries(write)) if (isOther(holder)) after.write[path] = holder;
      for (const path of new Set(all.flatMap(({ reads }) => reads))) (after.read[path] ??= []).push(own);
      for (const path of all.flatMap(({ writes }) => writes)) after.write[path] = own;
      writeFileSync(file, JSON.stringify(after));
      isPublished = all.length > 0;
    },
  };
}

function readFile(file: string): RwLock {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { read: {}, write: {} };
  }
  try {
    const { read = {}, write = {} } = JSON.parse(text) as Partial<RwLock>;
    return { read, write };
  } catch (cause) {
    throw new DomainError('CONFLICT', 'The locks of paths that dvc keeps cannot be read', {
      field: file,
      hint: 'Where no dvc runs in this repository, remove .dvc/tmp/rwlock.',
      cause,
    });
  }
}

function isOther({ pid }: Holder): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const textOf = ({ pid, cmd }: Holder): string => `process ${pid} (${cmd})`;
