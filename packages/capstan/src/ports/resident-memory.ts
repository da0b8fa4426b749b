import { readFile } from 'node:fs/promises';

const WATCH_EVERY_MS = 50;

/** Calls `onTooMuch` once when the process takes more than so many bytes, seen on Linux only. Returns what ends the watch. */
export function watchMemory(pid: number | undefined, maxBytes: number, onTooMuch: () => void): () => void {
  const watch = setInterval(() => {
    void residentBytes(pid).then((bytes) => {
      if (bytes > maxBytes) onTooMuch();
    });
  }, WATCH_EVERY_MS);
  return () => clearInterval(watch);
}

async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
