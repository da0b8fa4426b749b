// Stands between a client and a server, and loses answers: the server has done what was asked, and the client never hears.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface LossyProxy {
  readonly url: string;
  /** Where calls go from now on. */
  forwardTo(url: string): void;
  /** Calls whose answer was lost, as `METHOD /path`. */
  readonly lost: readonly string[];
  close(): void;
}

/** Loses the answer to each call the first time; passes it on when the same call comes again. */
export async function startLossyProxy(): Promise<LossyProxy> {
  let target = '';
  const lost: string[] = [];
  const waiting = new Set<string>();

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const body = await buffer(incoming);
    const onward = request(target + url, { method, headers: { ...headers, host: new URL(target).host } });
    const answering = once(onward, 'response') as Promise<[IncomingMessage]>;
    onward.end(body);
    const [answer] = await answering;
    const bytes = await buffer(answer);
    const call = createHash('sha256').update(`${method} ${url}\n`).update(body).digest('hex');
    if (!waiting.delete(call)) {
      waiting.add(call);
      lost.push(`${method} ${url.split('?')[0]}`);
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 0, answer.headers).end(bytes);
  }

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => incoming.socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost,
    forwardTo: (url) => (target = url),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
