import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * So long no other request is read from a connection whose request was refused because there is too much to do. Who waits
 * as he is told to does not notice. Who does not, with many others, would take the time in which requests are answered:
 * to refuse one costs a good part of what it costs to answer it.
 */
export const REST_MS = 250;

const heldSince = new WeakMap<Socket, number>();

/** Lets the connection of a request rest, once that is over. What comes on it meanwhile waits in the operating system. */
export function restAfter(request: IncomingMessage, restMs: number): void {
  const { socket } = request;
  // Before its end, the rest of its body is read.
  request.once('close', () => {
    const since = performance.now();
    socket.pause();
    setTimeout(() => {
      // What has come meanwhile is read in this turn of the event loop; what is read later has come later.
      heldSince.set(socket, since);
      setImmediate(() => heldSince.delete(socket));
      socket.resume();
    }, restMs).unref();
  });
}

/** Since when a request that is read now may have waited, by `performance.now()`: the earliest that it can have come. */
export function mayHaveComeAt(socket: Socket): number {
  return heldSince.get(socket) ?? performance.now();
}
