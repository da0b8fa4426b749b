import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DomainError, messageOf } from '#kernel/errors';

const LARGEST_JSON_BYTES = 256 * 1024 * 1024;
export const LARGEST_CHUNK_BYTES = 1024 * 1024;

/** What a caller is told by its status; the text is for a log. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 404 | 409 | 410 | 413 | 422 | 507;

  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

export interface Call {
  /** `driver` or `attempts`. */
  readonly area: string;
  /** Attempt id, under `attempts`. */
  readonly attemptId: string;
  readonly verb: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Hears driver and nodes. Every call is a POST with the bearer token; `answer` gives what is sent as JSON, or undefined
 * where it has answered by itself.
 */
export async function openListener(
  { host, port }: { readonly host: string; readonly port: number },
  token: string,
  answer: (call: Call) => Promise<unknown>,
): Promise<Listener> {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected))
        throw new Refusal(401, 'Who are you?');
      const url = new URL(request.url ?? '/', 'http://listener');
      // Behind a proxy there may be a path in front.
      const found = /\/(?:(driver)|(attempts)\/([^/]+))\/([a-z]+)$/.exec(url.pathname);
      if (request.method !== 'POST' || !found) throw new Refusal(404, 'No such call');
      const [, driver, attempts, attemptId = '', verb = ''] = found;
      const area = driver ?? attempts ?? '';
      const call = { area, attemptId: decodeURIComponent(attemptId), verb, query: url.searchParams, request, response };
      const value = await answer(call);
      if (value !== undefined) send(response, 200, JSON.stringify(value));
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, error instanceof Refusal ? error.status : 500, messageOf(error));
      // What was not read must not be taken for the next call.
      if (!request.complete) request.destroy();
    }
  }

  const server = createServer((request, response) => void serve(request, response));
  // Long polls and large files take as long as they take; headers do not.
  server.requestTimeout = 0;
  server.headersTimeout = 10_000;
  server.keepAliveTimeout = 120_000;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new DomainError('UNAVAILABLE', `No node can call back: ${messageOf(cause)}`, {
      field: 'rayListen',
      hint: 'Another program may listen there, or the address may not be one of this machine.',
      cause,
    });
  }
  let closed: Promise<void> | undefined;
  async function end(): Promise<void> {
    const ended = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await ended;
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: () => (closed ??= end()),
  };
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** The whole body, which is no longer than that. @throws Refusal 413 */
export async function bodyOf(request: IncomingMessage, longestBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestBytes) throw new Refusal(413, `A body may have ${longestBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws Refusal 400, 413 */
export async function jsonOf(request: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse((await bodyOf(request, LARGEST_JSON_BYTES)).toString('utf8')) as unknown;
  } catch (error) {
    throw error instanceof SyntaxError ? new Refusal(400, 'The body is not JSON') : error;
  }
}
