import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallNotes } from './access-log.ts';
import type { Grant, Principal } from './authorize.ts';
import type { RawRequest, RequestContext } from './bind.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose call it is; null while that has not been looked at. */
    principal: Principal | null;
    /** What its handler noted. */
    notes: CallNotes | null;
    /** Of a body that was read as a whole. */
    bytesIn: number | null;
  }
}

const NO_GRANTS: ReadonlySet<Grant> = new Set();

/**
 * What a handler is told of a call. A class: an object with a getter of its own gets a shape of its own in V8, which lives
 * until the next full collection and keeps all alive that the getter reaches, here the whole request.
 */
export class IncomingCall implements RequestContext {
  readonly requestId: string;
  readonly cause: RequestContext['cause'];
  readonly principal: Principal | null;
  readonly #reply: FastifyReply;
  #abort: AbortController | undefined;

  constructor(request: FastifyRequest, reply: FastifyReply, principal: Principal | null) {
    this.requestId = request.id;
    this.principal = principal;
    this.cause = { actor: principal?.actor ?? 'anonymous' };
    this.#reply = reply;
  }

  /** Most calls end before anyone asks whether the caller is still there: that is watched once it is asked. */
  get signal(): AbortSignal {
    this.#abort ??= watchCaller(this.#reply);
    return this.#abort.signal;
  }

  /** The caller's header of W3C Trace Context. */
  get traceparent(): string | undefined {
    const given = this.#reply.request.headers['traceparent'];
    return typeof given === 'string' ? given : undefined;
  }

  /** When it came, by `performance.now()`. */
  get startedAt(): number {
    return performance.now() - this.#reply.elapsedTime;
  }

  note(notes: CallNotes): void {
    this.#reply.request.notes = notes;
  }
}

/** A call whose handler reads and writes bytes. */
export class IncomingBytes extends IncomingCall implements RawRequest {
  readonly grants: RawRequest['grants'];
  readonly method: string;
  readonly params: RawRequest['params'];
  readonly query: URLSearchParams;
  readonly headers: RawRequest['headers'];
  readonly bytes: Buffer;
  readonly #openStream: () => Readable;

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    principal: Principal | null,
    given: { readonly query: URLSearchParams; readonly bytes: Buffer; readonly openStream: () => Readable },
  ) {
    super(request, reply, principal);
    this.grants = principal?.grants ?? NO_GRANTS;
    this.method = request.method;
    this.params = request.params as RawRequest['params'];
    this.query = given.query;
    this.headers = request.headers;
    this.bytes = given.bytes;
    request.bytesIn = given.bytes.length;
    this.#openStream = given.openStream;
  }

  get stream(): Readable {
    return this.#openStream();
  }
}

function watchCaller(reply: FastifyReply): AbortController {
  const abort = new AbortController();
  const hungUp = (): void => {
    if (!reply.raw.writableFinished) abort.abort(new Error('the caller hung up'));
  };
  if (reply.raw.closed) hungUp();
  else reply.raw.once('close', hungUp);
  return abort;
}
