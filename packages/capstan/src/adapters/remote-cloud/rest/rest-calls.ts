// Calls of a REST interface: connections that stay open, time limits, and failures that carry their status.
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { limitConnecting, timeLimit } from '#ports/connect-limit';

type Env = Readonly<Record<string, string | undefined>>;

export interface RestCall {
  readonly method: 'DELETE' | 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Never sent twice: the caller finds out what has arrived. */
  readonly isSentOnce?: true;
  readonly signal?: AbortSignal | undefined;
}

export interface RestLimits {
  readonly connectTimeoutMs: number;
  /** How long nothing may come or go. */
  readonly readTimeoutMs: number;
}

/** Of an answer that is read whole: pages of lists are the largest. */
const MOST_TEXT_BYTES = 32 << 20;

export class RestCalls {
  readonly #limits: RestLimits;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(limits: RestLimits, env: Env) {
    this.#limits = limits;
    const options = { keepAlive: true, proxyEnv: { ...env } };
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent(options);
  }

  /** The answer, whatever its status, with its body still to be read. @throws what the socket or the signal says */
  async send(call: RestCall): Promise<IncomingMessage> {
    call.signal?.throwIfAborted();
    const first = this.#start(call);
    try {
      return await first.answer;
    } catch (error) {
      // A server may end a connection at rest just when it is taken up again: nothing of the call has arrived then.
      const isStale = first.request.reusedSocket && codeOf(error) === 'ECONNRESET';
      if (!isStale || call.isSentOnce || call.signal?.aborted) throw error;
      return await this.#start(call).answer;
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #start({ method, url, headers, body, signal }: RestCall): {
    readonly request: ClientRequest;
    readonly answer: Promise<IncomingMessage>;
  } {
    const { connectTimeoutMs, readTimeoutMs } = this.#limits;
    const isTls = url.protocol === 'https:';
    const request = (isTls ? httpsRequest : httpRequest)(url, {
      method,
      agent: isTls ? this.#https : this.#http,
      headers: {
        'accept-encoding': 'identity',
        ...((body !== undefined || method === 'PUT' || method === 'POST') && { 'content-length': body?.length ?? 0 }),
        ...headers,
      },
      timeout: readTimeoutMs,
      ...(signal && { signal }),
    });
    request.on('timeout', () => request.destroy(timeLimit(`nothing came for ${readTimeoutMs / 1_000} s`)));
    limitConnecting(request, connectTimeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request.once('response', resolve);
    request.once('error', reject);
    request.end(body);
    return { request, answer: promise };
  }
}

/** The body of an answer as text. @throws Error where it does not end */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes > MOST_TEXT_BYTES) throw timeLimit('the answer does not end');
  }
  return Buffer.concat(pieces).toString();
}

export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
