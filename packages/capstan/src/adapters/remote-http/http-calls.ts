// Calls to one server: connections that stay open, time limits, redirects, and digest authentication.
import { createReadStream } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { answerOf, readChallenge, type DigestChallenge } from './digest-answer.ts';
import type { HttpSettings } from './http-settings.ts';
import { limitConnecting, timeLimit } from '#ports/connect-limit';

type Env = Readonly<Record<string, string | undefined>>;

export interface HttpCall {
  readonly method: string;
  readonly url: URL;
  /** What is sent. */
  readonly file?: { readonly path: string; readonly sizeBytes: number };
  readonly signal?: AbortSignal | undefined;
}

const MOST_REDIRECTS = 5;

export class HttpCalls {
  readonly #settings: HttpSettings;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  #challenge: DigestChallenge | undefined;
  #answered = 0;

  constructor(settings: HttpSettings, env: Env) {
    this.#settings = settings;
    const options = { keepAlive: true, proxyEnv: { ...env } };
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent({ ...options, ...settings.tls });
  }

  /** The answer, whatever its status, with its body still to be read. */
  async send(call: HttpCall): Promise<IncomingMessage> {
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#sendAs(call);
      const { location } = answer.headers;
      const isRead = call.method === 'GET' || call.method === 'HEAD';
      const isElsewhere = isRead && [301, 302, 303, 307, 308].includes(answer.statusCode ?? 0);
      if (!isElsewhere || location === undefined || redirects === MOST_REDIRECTS) return answer;
      answer.resume();
      call = { ...call, url: new URL(location, call.url) };
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #sendAs(call: HttpCall): Promise<IncomingMessage> {
    const { digest } = this.#settings;
    if (!digest) return await this.#sendOnce(call, this.#settings.headers);
    const known = this.#challenge;
    const answer = await this.#sendOnce(call, known ? this.#answer(known, digest, call) : {});
    const asked = answer.statusCode === 401 ? readChallenge(answer.headers['www-authenticate']) : undefined;
    // The same question after an answer to it means that the answer was wrong.
    if (!asked || asked.nonce === known?.nonce) return answer;
    answer.resume();
    this.#challenge = asked;
    this.#answered = 0;
    return await this.#sendOnce(call, this.#answer(asked, digest, call));
  }

  #answer(
    challenge: DigestChallenge,
    digest: { readonly user: string; readonly password: string },
    { method, url }: HttpCall,
  ): Record<string, string> {
    const place = { method, path: url.pathname + url.search, count: ++this.#answered };
    return url.origin === this.#settings.base.origin ? { authorization: answerOf(challenge, digest, place) } : {};
  }

  async #sendOnce(
    { method, url, file, signal }: HttpCall,
    headers: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> {
    signal?.throwIfAborted();
    const { connectTimeoutMs, readTimeoutMs, base } = this.#settings;
    const isTls = url.protocol === 'https:';
    const request = (isTls ? httpsRequest : httpRequest)(url, {
      method,
      agent: isTls ? this.#https : this.#http,
      headers: {
        // Who asks is told to nobody else.
        ...(url.origin === base.origin && headers),
        'accept-encoding': 'identity',
        ...(file && { 'content-length': file.sizeBytes, 'content-type': 'application/octet-stream' }),
      },
      timeout: readTimeoutMs,
      ...(signal && { signal }),
    });
    request.on('timeout', () => request.destroy(timeLimit(`nothing came for ${readTimeoutMs / 1_000} s`)));
    limitConnecting(request, connectTimeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    let isAnswered = false;
    request.once('response', (answer) => {
      isAnswered = true;
      resolve(answer);
    });
    request.once('error', reject);
    if (!file) request.end();
    else {
      pipeline(createReadStream(file.path), request).catch((error: unknown) => {
        // A server that refuses answers before it has read all.
        if (!isAnswered) reject(error);
      });
    }
    return await promise;
  }
}
