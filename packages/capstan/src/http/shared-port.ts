import { once } from 'node:events';
import type { ListenOptions, Server } from 'node:net';
import type { Logger } from 'pino';
import { messageOf } from '#kernel/errors';

/** A server that can leave its port to other processes for a while. */
export interface SharesPort {
  /** Takes no more connections, and closes those that are open once what they asked is answered. */
  leavePort(): void;
  /** Listens again where it did. @throws Error when the port is taken meanwhile */
  takePort(): Promise<void>;
}

/** Listens once more, on a server that was closed. @throws Error when the port is taken */
export async function listenAgain(server: Server, place: ListenOptions): Promise<void> {
  server.listen(place);
  await once(server, 'listening');
}

/** Has servers leave their ports and take them again, one after another. To be told again and again: what failed is tried anew. */
export function createPortKeeper(servers: readonly SharesPort[], log: Logger): (isLeft: boolean) => void {
  let hasLeft = false;
  let taking: Promise<void> | undefined;

  async function take(): Promise<void> {
    try {
      for (const server of servers) await server.takePort();
      hasLeft = false;
      log.info('this process takes connections again');
    } catch (error) {
      log.warn(`the shared port cannot be taken again now: ${messageOf(error)}`);
    } finally {
      taking = undefined;
    }
  }

  return (isLeft) => {
    if (taking) return;
    if (!isLeft) {
      if (hasLeft) taking = take();
      return;
    }
    if (!hasLeft) log.warn('this process differs from what is deployed: it leaves its port until it agrees again');
    hasLeft = true;
    for (const server of servers) server.leavePort();
  };
}
