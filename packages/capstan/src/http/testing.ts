// For tests only: servers and raw sockets that end with the test that opened them.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { identifyLocal } from './authorize.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts';

/** `bound` is the whole table, unless that is given. */
type TestServerOptions = Partial<HttpServerOptions> & Pick<HttpServerOptions, 'bound'>;

/** A server that listens on any port of loopback, unless told. */
export async function startTestServer(
  { graceMs = 1_000, ...options }: TestServerOptions & { readonly graceMs?: number },
  listen: { readonly port?: number; readonly reusePort?: boolean } = {},
): Promise<{ readonly server: HttpServer; readonly url: string }> {
  const server = createHttpServer({
    table: options.bound.map(({ route }) => route),
    errorRenderers: {},
    identify: identifyLocal,
    allowedHosts: [],
    log: pino({ level: 'silent' }),
    checkReplies: true,
    ...options,
  });
  onTestFinished(() => server.drain(graceMs));
  const { port = 0, reusePort = false } = listen;
  return { server, url: await server.listen('127.0.0.1', port, { reusePort }) };
}

export interface TestSocket {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** All that came so far. */
  said(): string;
}

/** A connection to a server that says these words first. */
export async function openSocket(url: string, words = ''): Promise<TestSocket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(words);
  return { socket, closed, said: () => text };
}
