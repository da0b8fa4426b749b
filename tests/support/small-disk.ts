// A disk of a few megabytes that a test may fill. It lives in a mount namespace of its own, so that it needs no right to
// mount, is seen by no other process, and is gone with the one that holds it, however the test ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { emptyFolder } from './server.ts';

export interface SmallDisk {
  /** Its folder as processes on it see it. */
  readonly folder: string;
  /** Words before a command line that has the command see the disk. */
  readonly through: readonly string[];
  /** Leaves no byte free. Returns how many it took. */
  fill(): number;
  /** Takes back what `fill` took. */
  free(): void;
  remove(): Promise<void>;
}

/** Null with the reason on stderr where namespaces are not allowed (some containers). */
export async function mountSmallDisk(size: string): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return 'only Linux has tmpfs';
  const folder = emptyFolder();
  const mount = 'mount -t tmpfs -o "size=$1" tmpfs "$0" && echo mounted && exec cat';
  const holder = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', mount, folder, size], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const refusal = await answered(holder);
  if (refusal !== undefined) return `no mount namespace: ${refusal}`;
  const pid = holder.pid ?? 0;
  // The way in for this process, which stays outside.
  const filler = join(`/proc/${pid}/root`, folder, 'filler');
  return {
    folder,
    through: ['nsenter', '--preserve-credentials', '--user', '--mount', `--target=${pid}`],
    fill: () => fill(filler),
    free: () => rmSync(filler),
    async remove() {
      holder.stdin.end();
      if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Undefined once it is mounted, else why it is not. */
function answered(holder: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let err = '';
    holder.stdout?.once('data', () => resolve(undefined));
    holder.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
    holder.once('error', (error) => resolve(error.message));
    holder.once('close', () => resolve(err.trim()));
  });
}

function fill(path: string): number {
  const file = openSync(path, 'a');
  let taken = 0;
  try {
    for (let piece = Buffer.alloc(1 << 20); piece.length > 0; piece = piece.subarray(0, piece.length >> 1)) {
      try {
        for (;;) taken += writeSync(file, piece);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
  return taken;
}
