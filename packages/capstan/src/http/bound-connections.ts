import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** At this share of the most, those that do nothing are closed. */
const CROWDED = 0.9;
const SWEEP_EVERY_MS = 100;
/** A connection that has said nothing for so long is not one that is about to. */
const SILENT_MS = 1_000;

/**
 * Keeps a server below `most` connections: well before, those between requests and those that have never said a word are
 * closed; past it new ones are refused. Without this, whoever opens many takes the file descriptors that models, logs and
 * other callers need.
 */
export function boundConnections(server: Server, most: number): void {
  // In the order in which they came.
  const open = new Map<Socket, number>();
  let sweptAt = Number.NEGATIVE_INFINITY;
  server.maxConnections = most;
  server.on('connection', (socket) => {
    open.set(socket, performance.now());
    socket.once('close', () => open.delete(socket));
    if (open.size > most * CROWDED) sweep();
  });
  server.on('drop', sweep);

  function sweep(): void {
    const now = performance.now();
    if (now - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now;
    server.closeIdleConnections();
    for (const [socket, since] of open) {
      if (now - since < SILENT_MS) break;
      if (socket.bytesRead === 0) socket.destroy();
    }
  }
}

/** What share of the files that this process may have open; undefined where the system does not say. */
export function shareOfFiles(share: number): number | undefined {
  const limit = openFilesLimit();
  return limit === undefined ? undefined : Math.floor(limit * share);
}

function openFilesLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
